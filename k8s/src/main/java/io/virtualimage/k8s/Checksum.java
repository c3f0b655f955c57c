package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the source's file is expected to hash to, in hexadecimal of either case; the file must match all that are set. */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record Checksum(
        @Nullable String md5,
        @Nullable String sha1,
        @Nullable String sha256,
        @Nullable String sha512,
        @Nullable String streebog256,
        @Nullable String streebog512) {

    /** Those that are set, in lower case, by the field's name; in the order of the fields. */
    public Map<String, String> requested() {
        Map<String, String> requested = new LinkedHashMap<>();
        put(requested, "md5", md5);
        put(requested, "sha1", sha1);
        put(requested, "sha256", sha256);
        put(requested, "sha512", sha512);
        put(requested, "streebog256", streebog256);
        put(requested, "streebog512", streebog512);
        return Collections.unmodifiableMap(requested);
    }

    private static void put(Map<String, String> requested, String algorithm, @Nullable String hex) {
        if (hex != null) {
            requested.put(algorithm, hex.toLowerCase(Locale.ROOT));
        }
    }
}
