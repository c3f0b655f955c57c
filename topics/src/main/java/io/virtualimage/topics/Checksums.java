package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** Checksums of one byte string by algorithm, in lower-case hexadecimal. May be empty. */
public record Checksums(@JsonValue Map<ChecksumAlgorithm, String> byAlgorithm) {
    public static final Checksums NONE = new Checksums(Map.of());

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public Checksums {
        Map<ChecksumAlgorithm, String> copy = new EnumMap<>(ChecksumAlgorithm.class);
        byAlgorithm.forEach((algorithm, hex) -> {
            if (hex.length() != algorithm.hexDigits() || !hex.chars().allMatch(c -> Character.digit(c, 16) >= 0)) {
                throw new IllegalArgumentException("'" + hex + "' is no " + algorithm.wireName() + " checksum");
            }
            copy.put(algorithm, hex.toLowerCase(Locale.ROOT));
        });
        byAlgorithm = Collections.unmodifiableMap(copy);
    }

    public boolean isEmpty() {
        return byAlgorithm.isEmpty();
    }
}
