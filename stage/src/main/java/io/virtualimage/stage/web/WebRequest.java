package io.virtualimage.stage.web;

import java.io.InputStream;
import java.util.Optional;
import java.util.OptionalLong;

/** A request as it came. For the thread that serves it. */
public interface WebRequest {
    /** As in {@code PUT}. */
    String method();

    /** As it stands in the request line, from the first slash on, without the query. Must not be logged: it may be secret. */
    String path();

    /** A header's value; those of repeated lines are joined by commas (RFC 9110, section 5.3). */
    Optional<String> header(String name);

    /** Length of the body: 0 if there is none, empty if it ends where it ends. */
    OptionalLong bodyBytes();

    /**
     * The body. Where a client waits for leave to send it ({@code Expect: 100-continue}), the first read gives that. A
     * read throws when the client is gone or was silent for too long, and when this thread is interrupted.
     */
    InputStream body();
}
