package io.virtualimage.statuswriter;

import io.virtualimage.topics.ImageStatus.Notice;
import io.virtualimage.topics.Incarnation;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A Kubernetes Event about an image.
 *
 * @param name of the Event; the same however often, and by whomever, it is written
 * @param resourceVersion version of the image that it was written at; null if the image is gone
 * @param at when it happened
 */
public record ImageNotice(Incarnation image, @Nullable String resourceVersion, String name, Notice notice, Instant at) {
    private static final int MAX_NAME = 253;
    private static final int HASH_BYTES = 8;

    static ImageNotice of(Incarnation image, @Nullable String resourceVersion, Notice notice, Instant at) {
        return new ImageNotice(image, resourceVersion, name(image, notice), notice, at);
    }

    private static String name(Incarnation image, Notice notice) {
        String once = image.uid() + "/" + image.version() + "/" + notice.reason();
        String identity = notice.number() == null ? once : once + "/" + notice.number();
        byte[] hash = sha256(identity.getBytes(StandardCharsets.UTF_8));
        String suffix = "." + HexFormat.of().formatHex(hash, 0, HASH_BYTES);
        int most = MAX_NAME - suffix.length();
        String prefix = image.name().length() <= most
                ? image.name()
                : image.name().substring(0, most).replaceFirst("[.-]+$", "");
        return prefix + suffix;
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
