package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The hash of a blob or a manifest, written {@code algorithm:hex}, as in the OCI image specification, "Digests".
 *
 * @param hex lower case, exactly as long as the algorithm makes it
 */
public record Digest(Algorithm algorithm, String hex) implements ManifestReference {

    private static final Pattern HEX = Pattern.compile("[0-9a-f]+");

    public Digest {
        if (hex.length() != algorithm.hexLength || !HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException("not a " + algorithm + " digest: '" + hex + "', which is not "
                    + algorithm.hexLength + " lower-case hexadecimal digits");
        }
    }

    /** Reads {@code sha256:...} or {@code sha512:...}; anything else is an {@link IllegalArgumentException}. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static Digest parse(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? "" : text.substring(0, colon);
        for (Algorithm algorithm : Algorithm.values()) {
            if (algorithm.toString().equals(name)) {
                return new Digest(algorithm, text.substring(colon + 1));
            }
        }
        throw new IllegalArgumentException("not a digest of a known algorithm (sha256, sha512): '" + text + "'");
    }

    /** The digest whose raw hash is given, as {@link MessageDigest#digest()} returns it. */
    public static Digest ofHash(Algorithm algorithm, byte[] hash) {
        return new Digest(algorithm, HexFormat.of().formatHex(hash));
    }

    /** The SHA-256 digest of these bytes. */
    public static Digest sha256(byte[] content) {
        return Algorithm.SHA256.of(content);
    }

    @Override
    @JsonValue
    public String toString() {
        return algorithm + ":" + hex;
    }

    /** The algorithms that the image specification registers. */
    public enum Algorithm {
        SHA256("SHA-256", 64),
        SHA512("SHA-512", 128);

        private final String javaName;
        private final int hexLength;

        Algorithm(String javaName, int hexLength) {
            this.javaName = javaName;
            this.hexLength = hexLength;
        }

        /** A new, empty hash. */
        public MessageDigest newHash() {
            try {
                return MessageDigest.getInstance(javaName);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("this Java has no " + javaName, e);
            }
        }

        /** The digest of these bytes. */
        public Digest of(byte[] content) {
            return ofHash(this, newHash().digest(content));
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
