package io.virtualimage.fetcher.upload;

import io.virtualimage.stage.web.WebRequest;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A request of a client that was never there. */
final class FakeRequest implements WebRequest {
    private final String method;
    private final Map<String, String> headers = new TreeMap<>();
    private String path = "/upload/token";
    private @Nullable Long bodyBytes = 0L;
    private InputStream body = InputStream.nullInputStream();
    private boolean asked;

    private FakeRequest(String method) {
        this.method = method;
    }

    static FakeRequest of(String method) {
        return new FakeRequest(method);
    }

    FakeRequest at(String requestPath) {
        path = requestPath;
        return this;
    }

    FakeRequest with(String name, String value) {
        headers.put(name.toLowerCase(Locale.ROOT), value);
        return this;
    }

    FakeRequest length(@Nullable Long bytes) {
        bodyBytes = bytes;
        return this;
    }

    FakeRequest body(byte[] bytes) {
        return body(new ByteArrayInputStream(bytes)).length((long) bytes.length);
    }

    FakeRequest body(InputStream stream) {
        body = stream;
        return this;
    }

    /** Whether the client was asked for its body. */
    boolean asked() {
        return asked;
    }

    @Override
    public String method() {
        return method;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
    }

    @Override
    public OptionalLong bodyBytes() {
        return bodyBytes == null ? OptionalLong.empty() : OptionalLong.of(bodyBytes);
    }

    @Override
    public InputStream body() {
        asked = true;
        return body;
    }
}
