package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonValue;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Finds where a record and a JSON Schema don't say the same: names, what must be there, types, enumerations. */
final class RecordComparison {
    private final AsyncApi contract;
    private final List<String> differences = new ArrayList<>();

    private RecordComparison(AsyncApi contract) {
        this.contract = contract;
    }

    /** One line per difference. */
    static List<String> differences(Class<?> record, JsonNode schema, AsyncApi contract) {
        RecordComparison comparison = new RecordComparison(contract);
        comparison.compareRecord(record.getSimpleName(), record, schema, Set.of());
        return comparison.differences;
    }

    private void compareRecord(String at, Class<?> record, JsonNode given, Set<String> beside) {
        JsonNode schema = contract.followSchema(given);
        expect(at, "type", "object", schema.path("type").asString(""));
        Set<String> names = new TreeSet<>(beside);
        Set<String> required = new TreeSet<>(beside);
        for (RecordComponent component : record.getRecordComponents()) {
            names.add(component.getName());
            if (!component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
                required.add(component.getName());
            }
        }
        expect(at, "properties", names, AsyncApi.words(schema.path("properties")));
        expect(at, "required", required, AsyncApi.words(schema.path("required")));
        for (RecordComponent component : record.getRecordComponents()) {
            JsonNode property = schema.path("properties").path(component.getName());
            if (!property.isMissingNode()) {
                compare(at + "." + component.getName(), component.getAnnotatedType(), property);
            }
        }
    }

    private void compare(String at, AnnotatedType annotated, JsonNode given) {
        JsonNode schema = contract.followSchema(given);
        Class<?> type = raw(annotated.getType());
        if (type == String.class) {
            compareScalar(at, "string", "", schema);
        } else if (type == Instant.class) {
            compareScalar(at, "string", "date-time", schema);
        } else if (type == int.class || type == Integer.class) {
            compareScalar(at, "integer", "int32", schema);
        } else if (type == long.class || type == Long.class) {
            compareScalar(at, "integer", "int64", schema);
        } else if (type == boolean.class || type == Boolean.class) {
            compareScalar(at, "boolean", "", schema);
        } else if (type.isEnum()) {
            compareScalar(at, "string", "", schema);
            expect(at, "enum", words(type), AsyncApi.words(schema.path("enum")));
        } else if (type == SegmentSet.class) {
            compareScalar(at, "string", "", schema);
            expect(at, "pattern", true, schema.has("pattern"));
        } else if (type == List.class) {
            expect(at, "type", "array", schema.path("type").asString(""));
            compare(at + "[]", argument(annotated, 0), schema.path("items"));
        } else if (type == Map.class) {
            expect(at, "type", "object", schema.path("type").asString(""));
            Class<?> key = raw(argument(annotated, 0).getType());
            expect(at, "properties", words(key), AsyncApi.words(schema.path("properties")));
            expect(at, "required", Set.of(), AsyncApi.words(schema.path("required")));
            schema.path("properties").forEach(value -> compare(at + "{}", argument(annotated, 1), value));
        } else if (type.isRecord()) {
            RecordComponent first = type.getRecordComponents()[0];
            if (first.getAccessor().isAnnotationPresent(JsonValue.class)) {
                compare(at, first.getAnnotatedType(), given);
            } else {
                boolean named =
                        Stream.of(type.getInterfaces()).anyMatch(each -> each.isAnnotationPresent(JsonSubTypes.class));
                compareRecord(at, type, given, named ? Set.of("type") : Set.of());
            }
        } else if (type.isAnnotationPresent(JsonSubTypes.class)) {
            compareChoice(at, type, schema);
        } else {
            differences.add(at + ": no rule for " + type);
        }
    }

    /** A sealed interface whose records are told apart by the member {@code type}. */
    private void compareChoice(String at, Class<?> type, JsonNode schema) {
        expect(at, "type", "object", schema.path("type").asString(""));
        expect(at, "required", Set.of("type"), AsyncApi.words(schema.path("required")));
        Set<String> named = new TreeSet<>();
        for (JsonSubTypes.Type choice : type.getAnnotation(JsonSubTypes.class).value()) {
            named.add(choice.name());
            for (JsonNode option : schema.path("oneOf")) {
                if (nameOf(option).equals(choice.name())) {
                    compareRecord(at + "(" + choice.name() + ")", choice.value(), option, Set.of("type"));
                }
            }
        }
        Set<String> described =
                schema.path("oneOf").valueStream().map(this::nameOf).collect(TreeSet::new, Set::add, Set::addAll);
        expect(at, "oneOf", named, described);
    }

    private String nameOf(JsonNode option) {
        return contract.followSchema(option).at("/properties/type/const").asString("");
    }

    private void compareScalar(String at, String type, String format, JsonNode schema) {
        expect(at, "type", type, schema.path("type").asString(""));
        expect(at, "format", format, schema.path("format").asString(""));
        if (!schema.path("enum").isMissingNode() && !type.equals("string")) {
            differences.add(at + ": an enum of " + type);
        }
    }

    private void expect(String at, String what, Object code, Object document) {
        if (!code.equals(document)) {
            differences.add(at + ": " + what + " is " + code + " in the code and " + document + " in asyncapi.yaml");
        }
    }

    private static Set<String> words(Class<?> enumeration) {
        return Stream.of(enumeration.getEnumConstants())
                .map(constant -> EventCodec.mapper().valueToTree(constant).asString())
                .collect(TreeSet::new, Set::add, Set::addAll);
    }

    private static Class<?> raw(Type type) {
        return type instanceof ParameterizedType parameterized
                ? (Class<?>) parameterized.getRawType()
                : (Class<?>) type;
    }

    private static AnnotatedType argument(AnnotatedType type, int index) {
        return ((AnnotatedParameterizedType) type).getAnnotatedActualTypeArguments()[index];
    }
}
