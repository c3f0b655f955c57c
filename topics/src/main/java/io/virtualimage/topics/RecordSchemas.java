package io.virtualimage.topics;

import java.io.InputStream;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * JSON Schemas (draft 2020-12) of what is on the topics, cut out of the AsyncAPI document. Each one stands alone, so
 * that any validator can use it.
 */
public final class RecordSchemas {
    private static final String DIALECT = "https://json-schema.org/draft/2020-12/schema";
    private static final String COMPONENTS = "#/components/schemas/";
    private static final String DEFINITIONS = "#/$defs/";

    private final JsonNode schemas;
    private final Map<String, JsonNode> messages = new LinkedHashMap<>();

    /** @param asyncApi the AsyncAPI document as a tree; see {@link #asyncApi()} */
    public RecordSchemas(JsonNode asyncApi) {
        schemas = asyncApi.at("/components/schemas");
        for (JsonNode message : asyncApi.at("/components/messages")) {
            messages.put(message.path("name").asString(), message);
        }
    }

    /** The AsyncAPI document, in YAML. The caller closes it. */
    public static InputStream asyncApi() {
        return Objects.requireNonNull(RecordSchemas.class.getResourceAsStream("asyncapi.yaml"), "asyncapi.yaml");
    }

    /** The CloudEvents types, in the order of the document. */
    public Set<String> types() {
        return Collections.unmodifiableSet(messages.keySet());
    }

    /**
     * The schema of one type's records, envelope and data.
     *
     * @throws IllegalArgumentException if there is no such type
     */
    public ObjectNode of(String type) {
        JsonNode message = messages.get(type);
        if (message == null) {
            throw new IllegalArgumentException("no type '" + type + "', only " + String.join(", ", types()));
        }
        ObjectNode schema = document(type, message.path("summary").asString());
        ObjectNode definitions = object();
        schema.setAll((ObjectNode) standing(message.path("payload"), definitions));
        schema.set("$defs", definitions);
        return schema;
    }

    /**
     * The schema of any record of the pipeline, or of a JSON array of them, whatever its type: for
     * {@code kcat … | jq -s . | check-jsonschema --schemafile record.json -}. Other types than ours are refused, though
     * the readers of the topics ignore them.
     */
    public ObjectNode ofAny() {
        ObjectNode definitions = object();
        ObjectNode record = object().put("type", "object");
        record.putArray("required").add("type");
        ArrayNode names = record.putObject("properties").putObject("type").putArray("enum");
        ArrayNode cases = record.putArray("allOf");
        messages.forEach((type, message) -> {
            names.add(type);
            ObjectNode condition = object();
            condition.putArray("required").add("type");
            condition.putObject("properties").putObject("type").put("const", type);
            ObjectNode choice = cases.addObject();
            choice.set("if", condition);
            choice.set("then", standing(message.path("payload"), definitions));
        });
        definitions.set("AnyRecord", record);

        ObjectNode schema = document("Any record of the pipeline", "One record, or an array of them.");
        schema.putObject("if").put("type", "array");
        schema.putObject("then").putObject("items").put("$ref", DEFINITIONS + "AnyRecord");
        schema.putObject("else").put("$ref", DEFINITIONS + "AnyRecord");
        schema.set("$defs", definitions);
        return schema;
    }

    private static ObjectNode document(String title, String description) {
        return object().put("$schema", DIALECT).put("title", title).put("description", description);
    }

    /** A copy that refers to definitions of its own document, which are added to those given. */
    private JsonNode standing(JsonNode schema, ObjectNode definitions) {
        if (schema.isObject()) {
            ObjectNode copy = object();
            schema.properties().forEach(member -> {
                boolean reference = member.getKey().equals("$ref");
                copy.set(
                        member.getKey(),
                        reference
                                ? StringNode.valueOf(define(member.getValue().asString(), definitions))
                                : standing(member.getValue(), definitions));
            });
            return copy;
        }
        if (schema.isArray()) {
            ArrayNode copy = EventCodec.mapper().createArrayNode();
            schema.forEach(element -> copy.add(standing(element, definitions)));
            return copy;
        }
        return schema;
    }

    private String define(String reference, ObjectNode definitions) {
        String name = reference.substring(COMPONENTS.length());
        JsonNode target = schemas.path(name);
        if (!reference.startsWith(COMPONENTS) || target.isMissingNode()) {
            throw new IllegalArgumentException("'" + reference + "' is nowhere in the contract");
        }
        if (!definitions.has(name)) {
            // Taken before it is filled: a schema may come back to itself.
            definitions.putObject(name);
            definitions.set(name, standing(target, definitions));
        }
        return DEFINITIONS + name;
    }

    private static ObjectNode object() {
        return EventCodec.mapper().createObjectNode();
    }
}
