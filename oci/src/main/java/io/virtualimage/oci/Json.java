package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.Nulls;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** How this package reads and writes JSON: compact, fields in their declared order, unknown ones ignored. */
final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            // Lists and maps have no nulls in them, so nobody needs to look.
            .changeDefaultNullHandling(nulls -> nulls.withContentNulls(Nulls.FAIL))
            .build();

    private Json() {}

    static byte[] write(Object value) {
        return MAPPER.writeValueAsBytes(value);
    }

    /** @param deed completes "tried to ... but failed because" */
    static <T> T read(byte[] bytes, Class<T> type, String deed) throws RegistryException {
        T value;
        try {
            value = MAPPER.readValue(bytes, type);
        } catch (JacksonException e) {
            throw RegistryException.of(
                    RegistryException.Reason.PROTOCOL,
                    deed,
                    "the JSON is not as specified: " + e.getOriginalMessage(),
                    e);
        }
        if (value == null) {
            throw RegistryException.of(RegistryException.Reason.PROTOCOL, deed, "the JSON is null", null);
        }
        return value;
    }

    /** For fields of foreign JSON, which may be missing whatever the record's types say. */
    static void require(@Nullable Object value, String field) {
        if (value == null) {
            throw new IllegalArgumentException(field + " is missing");
        }
    }

    static Map<String, String> sorted(@Nullable Map<String, String> map) {
        if (map instanceof SortedMap) {
            return map;
        }
        return map == null ? Collections.emptySortedMap() : Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }
}
