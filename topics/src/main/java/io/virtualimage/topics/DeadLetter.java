package io.virtualimage.topics;

import org.jspecify.annotations.Nullable;

/**
 * A record that could not be read, or work that kept failing. On {@code virtualimage.dead-letters}, under the key that
 * the record had. It may not even name an image, so it is no {@link Event}.
 *
 * @param topic where it came from
 * @param at where it came from
 * @param message what is wrong with it
 * @param payload the value as text, cut at {@value #MAX_PAYLOAD_CHARS} characters; null if there was none
 */
public record DeadLetter(
        String topic, Position at, String message, @Nullable String payload) {
    public static final int MAX_PAYLOAD_CHARS = 65_536;

    public DeadLetter {
        if (payload != null && payload.length() > MAX_PAYLOAD_CHARS) {
            payload = payload.substring(0, MAX_PAYLOAD_CHARS);
        }
    }
}
