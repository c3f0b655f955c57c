package io.virtualimage.stage.access;

import io.virtualimage.topics.Incarnation;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tokens that open one door of one version of an image: {@value #LENGTH} letters and digits, an HMAC (RFC 2104, with
 * SHA-512) of what they open under a key that the services share. They are never on a topic, in a log or in staging.
 */
public final class AccessTokens {
    public static final int LENGTH = 32;

    /** Shorter keys could be guessed, and all tokens with them. */
    private static final int LEAST_KEY_CHARS = 32;

    private static final String ALGORITHM = "HmacSHA512";
    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final BigInteger BASE = BigInteger.valueOf(ALPHABET.length());

    private final SecretKeySpec key;

    /** What a token is good for. */
    public enum Door {
        /** Sending the image's file. */
        UPLOAD,
        /** Sending what a volume holds, which the image is made from. */
        READ_VOLUME,
        /** Asking what the image's volume is to hold. */
        FILL_VOLUME
    }

    /** @throws IllegalArgumentException if the key is too short; the message doesn't quote it */
    public AccessTokens(String key) {
        if (key.length() < LEAST_KEY_CHARS) {
            throw new IllegalArgumentException(
                    "a key of %d characters is too short: %d are needed".formatted(key.length(), LEAST_KEY_CHARS));
        }
        this.key = new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), ALGORITHM);
    }

    /**
     * By a setting.
     *
     * @throws IllegalStateException if it can't be used; names the setting and doesn't quote it
     */
    public static AccessTokens ofSetting(String name, String key) {
        try {
            return new AccessTokens(key);
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException(name + " can't be used: " + e.getMessage(), e);
        }
    }

    /** The token of a door. */
    public String token(Door door, Incarnation image) {
        String subject = String.join("/", door.name(), image.uid(), image.version());
        byte[] hash;
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            hash = mac.doFinal(subject.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, e);
        }
        // 512 bits are so many more than 32 characters hold that no character is likelier than another.
        BigInteger number = new BigInteger(1, hash);
        StringBuilder token = new StringBuilder(LENGTH);
        for (int i = 0; i < LENGTH; i++) {
            BigInteger[] parts = number.divideAndRemainder(BASE);
            token.append(ALPHABET.charAt(parts[1].intValue()));
            number = parts[0];
        }
        return token.toString();
    }

    /** Whether that is the token of the door; takes the same time whatever was presented. */
    public boolean opens(String presented, Door door, Incarnation image) {
        return MessageDigest.isEqual(
                presented.getBytes(StandardCharsets.UTF_8), token(door, image).getBytes(StandardCharsets.UTF_8));
    }
}
