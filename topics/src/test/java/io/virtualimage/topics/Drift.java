package io.virtualimage.topics;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** One way in which a schema may come to differ from its record. */
interface Drift {
    void change(ObjectNode schema);

    /** All ways that this schema can, by a name for each. */
    static Map<String, Drift> of(JsonNode schema) {
        Map<String, Drift> drifts = new LinkedHashMap<>();
        for (String name : schema.path("properties").propertyNames()) {
            drifts.put("without " + name, s -> properties(s).remove(name));
            drifts.put(
                    name + " of another type",
                    s -> properties(s).putObject(name).put("type", "null"));
            boolean required = AsyncApi.words(schema.path("required")).contains(name);
            drifts.put((required ? "optional " : "required ") + name, s -> {
                ArrayNode names = s.withArray("required");
                if (!required) {
                    names.add(name);
                } else {
                    names.removeIf(word -> word.asString().equals(name));
                }
            });
        }
        if (schema.has("properties")) {
            drifts.put(
                    "with a member more", s -> properties(s).putObject("extra").put("type", "string"));
        }
        if (schema.has("enum")) {
            drifts.put("with a word more", s -> s.withArray("enum").add("extra"));
            drifts.put("with a word less", s -> s.withArray("enum").remove(0));
        }
        if (schema.has("type")) {
            drifts.put("of another type", s -> s.put("type", "null"));
        }
        // Choices between members are held to the records by the golden samples.
        if (schema.path("oneOf").path(0).has("$ref")) {
            drifts.put("with a choice less", s -> s.withArray("oneOf").remove(0));
        }
        return drifts;
    }

    private static ObjectNode properties(ObjectNode schema) {
        return (ObjectNode) schema.path("properties");
    }
}
