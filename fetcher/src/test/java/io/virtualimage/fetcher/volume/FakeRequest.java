package io.virtualimage.fetcher.volume;

import io.virtualimage.stage.web.WebRequest;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;

/** A request as a Pod sends it. */
record FakeRequest(String method, String path, String content) implements WebRequest {
    @Override
    public Optional<String> header(String name) {
        return Optional.empty();
    }

    @Override
    public OptionalLong bodyBytes() {
        return OptionalLong.of(content.length());
    }

    @Override
    public InputStream body() {
        return new ByteArrayInputStream(content.getBytes(StandardCharsets.ISO_8859_1));
    }
}
