package io.virtualimage.stage.web;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * An answer with all of its body.
 *
 * @param status of RFC 9110
 * @param headers by name, in the order in which they are sent
 * @param body may be empty
 * @param over run once, when the body is not needed any more: it was sent, or can't be
 */
public record WebAnswer(int status, Map<String, String> headers, ByteBuffer body, Runnable over) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int LEAST_STATUS = 200;
    private static final int MOST_STATUS = 599;

    public WebAnswer {
        if (status < LEAST_STATUS || status > MOST_STATUS) {
            throw new IllegalArgumentException("no status of an answer: " + status);
        }
        headers = Map.copyOf(headers);
        body = body.asReadOnlyBuffer();
    }

    /** One whose body nobody waits to be rid of. */
    public WebAnswer(int status, Map<String, String> headers, ByteBuffer body) {
        this(status, headers, body, WebAnswer::nothing);
    }

    private static void nothing() {}

    /** One without a body. */
    public static WebAnswer empty(int status) {
        return new WebAnswer(status, Map.of(), ByteBuffer.allocate(0));
    }

    /** Any document. */
    public static WebAnswer of(int status, String contentType, byte[] body) {
        return new WebAnswer(status, Map.of("Content-Type", contentType), ByteBuffer.wrap(body.clone()));
    }

    /** A JSON document, which ends with a newline: people read it in a terminal. */
    public static WebAnswer json(int status, Map<String, ?> members) {
        return document(status, "application/json", members);
    }

    /**
     * A problem (RFC 9457).
     *
     * @param type names the kind of problem; {@code about:blank} if the status says it all
     * @param detail what is wrong and what can be done, for people
     * @param members more of it, for programs
     */
    public static WebAnswer problem(int status, String type, String title, String detail, Map<String, ?> members) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("type", type);
        document.put("title", title);
        document.put("status", status);
        document.put("detail", detail);
        document.putAll(members);
        return document(status, "application/problem+json", document);
    }

    private static WebAnswer document(int status, String contentType, Map<String, ?> members) {
        return of(status, contentType, (JSON.writeValueAsString(members) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** The same with one more header. */
    public WebAnswer with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new WebAnswer(status, more, body, over);
    }

    /** The body as text. */
    public String text() {
        return StandardCharsets.UTF_8.decode(body.duplicate()).toString();
    }
}
