package io.virtualimage.stage.web;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands requests to the endpoints, and what they answer to the clients. */
final class EndpointHandler extends Handler.Abstract {
    private static final Logger LOG = LoggerFactory.getLogger(EndpointHandler.class);
    private static final int NOT_FOUND = 404;
    private static final int DEFECT = 500;
    private static final int STOPPING = 503;

    /** A client that is refused in the middle of its body hears of it only if the body is taken for a little longer. */
    private static final long LINGER_NS = 2_000_000_000L;

    private static final long LINGER_BYTES = 64 << 20;
    private static final long LINGER_LOOK_MS = 20;

    private final Map<String, WebEndpoint> endpoints;
    private final Duration taking;

    /** @param taking how long a client may need to take an answer */
    EndpointHandler(Map<String, WebEndpoint> endpoints, Duration taking) {
        this.endpoints = endpoints;
        this.taking = taking;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        JettyRequest asked = new JettyRequest(request);
        // Whoever serves may be busy with something else than this connection.
        request.addIdleTimeoutListener(timeout -> false);
        try {
            WebAnswer answer = answer(asked);
            boolean unread = asked.bodyUnread();
            try {
                write(answer, request, response, unread);
            } finally {
                answer.over().run();
            }
            if (unread && !asked.bodyWithheld()) {
                linger(request);
            }
            callback.succeeded();
        } catch (IOException e) {
            LOG.atDebug().setCause(e).log("a client went away");
            callback.failed(e);
        } catch (InterruptedException e) {
            callback.failed(e); // nobody can be told any more
        }
        return true;
    }

    private WebAnswer answer(JettyRequest asked) throws IOException {
        WebEndpoint endpoint = endpoint(asked.path());
        if (endpoint == null) {
            return WebAnswer.problem(NOT_FOUND, "about:blank", "Not Found", "There is nothing here.", Map.of());
        }
        try {
            return endpoint.serve(asked);
        } catch (InterruptedException e) {
            return WebAnswer.problem(
                            STOPPING,
                            "about:blank",
                            "Service Unavailable",
                            "This replica is being stopped; try again.",
                            Map.of())
                    .with("Retry-After", "1");
        } catch (RuntimeException e) {
            LOG.atError().addKeyValue("method", asked.method()).setCause(e).log("a request could not be served");
            return WebAnswer.problem(
                    DEFECT,
                    "about:blank",
                    "Internal Server Error",
                    "Something went wrong here. Try again; the log of this service says more.",
                    Map.of());
        }
    }

    private @Nullable WebEndpoint endpoint(String path) {
        String longest = null;
        for (String beginning : endpoints.keySet()) {
            if (path.startsWith(beginning) && (longest == null || longest.length() < beginning.length())) {
                longest = beginning;
            }
        }
        return longest == null ? null : endpoints.get(longest);
    }

    /** Returns when the body is not needed any more. */
    private void write(WebAnswer answer, Request request, Response response, boolean last)
            throws IOException, InterruptedException {
        response.setStatus(answer.status());
        answer.headers().forEach((name, value) -> response.getHeaders().put(name, value));
        if (last) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        boolean bodiless = HttpMethod.HEAD.is(request.getMethod());
        if (!bodiless) {
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, answer.body().remaining());
        }
        Callback.Completable written = new Callback.Completable(Invocable.InvocationType.NON_BLOCKING);
        response.write(true, bodiless ? ByteBuffer.allocate(0) : answer.body().duplicate(), written);
        try {
            written.get(taking.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException("the answer can't be sent", e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("the client takes its answer too slowly", e);
        } finally {
            if (!written.isDone()) {
                // Whoever still writes gives up, and with it the body.
                request.getConnectionMetaData().getConnection().getEndPoint().close();
            }
        }
    }

    private static void linger(Request request) throws InterruptedException {
        long until = System.nanoTime() + LINGER_NS;
        long dropped = 0;
        while (System.nanoTime() < until && dropped < LINGER_BYTES) {
            Content.Chunk chunk = request.read();
            if (chunk == null) {
                TimeUnit.MILLISECONDS.sleep(LINGER_LOOK_MS);
                continue;
            }
            dropped += chunk.remaining();
            boolean end = chunk.isLast() || Content.Chunk.isFailure(chunk);
            chunk.release();
            if (end) {
                return;
            }
        }
    }

    /** A request as the server has it. */
    private static final class JettyRequest implements WebRequest {
        private final Request request;
        private final Body body;

        JettyRequest(Request request) {
            this.request = request;
            this.body = new Body(Request.asInputStream(request));
        }

        @Override
        public String method() {
            return request.getMethod();
        }

        @Override
        public String path() {
            return String.valueOf(request.getHttpURI().getPath());
        }

        @Override
        public Optional<String> header(String name) {
            List<String> lines = request.getHeaders().getFields(name).stream()
                    .map(field -> String.valueOf(field.getValue()))
                    .toList();
            return lines.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", lines));
        }

        @Override
        public OptionalLong bodyBytes() {
            HttpField length = request.getHeaders().getField(HttpHeader.CONTENT_LENGTH);
            if (length != null) {
                return OptionalLong.of(length.getLongValue());
            }
            return request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING)
                    ? OptionalLong.empty()
                    : OptionalLong.of(0);
        }

        @Override
        public InputStream body() {
            return body;
        }

        /** Whether there is something of the body that was not read. */
        boolean bodyUnread() {
            return !body.ended && body.doneBytes < bodyBytes().orElse(Long.MAX_VALUE);
        }

        /** Whether the client waits to be asked for the body, and was not. */
        boolean bodyWithheld() {
            return body.doneBytes == 0 && request.getHeaders().contains(HttpHeader.EXPECT);
        }
    }

    /** Knows whether it was read to its end. */
    private static final class Body extends InputStream {
        private final InputStream in;
        private boolean ended;
        private long doneBytes;

        Body(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
            if (count < 0) {
                ended = true;
            } else {
                doneBytes += count;
            }
            return count;
        }
    }
}
