package io.virtualimage.stage.process;

import io.virtualimage.topics.Incarnation;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The header {@code traceparent} of <a href="https://www.w3.org/TR/trace-context/">W3C Trace Context</a>. All events of
 * one incarnation are of one trace, whose id anybody can compute, so nothing has to be handed along.
 */
final class TraceParent {
    static final String HEADER = "traceparent";
    private static final int TRACE_ID_BYTES = 16;

    private TraceParent() {}

    /** Version 00, the incarnation's trace, a new span, sampled. */
    static byte[] of(Incarnation image) {
        byte[] digest = sha256(image.uid() + "/" + image.version());
        String trace = HexFormat.of().formatHex(digest, 0, TRACE_ID_BYTES);
        // An id of zeros only is not allowed.
        long span = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
        return "00-%s-%016x-01".formatted(trace, span).getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
