package io.virtualimage.fetcher.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import okhttp3.Interceptor;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.ForwardingSource;
import okio.Okio;
import okio.Source;
import org.jspecify.annotations.Nullable;

/**
 * Holds what is asked of registries, token services and those that they redirect to, to the rules for other sources:
 * addresses are checked, answers come in time, bodies don't trickle, and a host gets only so many connections.
 *
 * <p>Only blobs count as connections: a token is fetched while the answer that asks for it is still open, and must not
 * have to wait for it.
 */
final class RegistryGuard implements Interceptor {
    private final HttpClients clients;
    private final HostSlots slots = new HostSlots(HttpExchange.CONNECTIONS_PER_HOST);

    RegistryGuard(HttpClients clients) {
        this.clients = clients;
    }

    @Override
    public Response intercept(Chain chain) throws IOException {
        Request request = chain.request();
        clients.checkAddress(request.url().host());
        HostSlots.@Nullable Slot slot = isBlob(request) ? acquire(request) : null;
        boolean handedOver = false;
        try {
            Response response = clients.within(chain.call(), () -> chain.proceed(request));
            ResponseBody body = response.body();
            Response guarded = response.newBuilder()
                    .body(ResponseBody.create(
                            Okio.buffer(new Body(body.source(), slot)), body.contentType(), body.contentLength()))
                    .build();
            handedOver = true;
            return guarded;
        } finally {
            if (!handedOver && slot != null) {
                slot.close();
            }
        }
    }

    /** Blobs, and nothing else, are asked for as they are. */
    private static boolean isBlob(Request request) {
        return "identity".equals(request.header("Accept-Encoding"));
    }

    private HostSlots.Slot acquire(Request request) throws InterruptedIOException {
        try {
            return slots.acquire(request.url().host() + ":" + request.url().port());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException stopped = new InterruptedIOException("interrupted while waiting for a connection");
            stopped.initCause(e);
            throw stopped;
        }
    }

    private final class Body extends ForwardingSource {
        private final HostSlots.@Nullable Slot slot;
        private final Pace pace = new Pace(clients.patience());

        Body(Source body, HostSlots.@Nullable Slot slot) {
            super(body);
            this.slot = slot;
        }

        @Override
        public long read(Buffer sink, long byteCount) throws IOException {
            long start = System.nanoTime();
            long count = super.read(sink, byteCount);
            if (count >= 0) {
                pace.add(count, System.nanoTime() - start);
            }
            return count;
        }

        @Override
        public void close() throws IOException {
            try {
                super.close();
            } finally {
                if (slot != null) {
                    slot.close();
                }
            }
        }
    }
}
