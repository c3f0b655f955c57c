package io.virtualimage.fetcher.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import okhttp3.Authenticator;
import okhttp3.Call;
import okhttp3.Dns;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;

/** The clients that sources are asked with: through the operator's proxies, past whoever guards the lookup of names. */
final class HttpClients implements AutoCloseable {
    private static final int BUNDLES_KEPT = 64;

    /** As many read timeouts an answer may take to begin, and a body may trickle. */
    private static final int ANSWER_TIMEOUTS = 4;

    private static final int TRICKLE_TIMEOUTS = 2;
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");

    private final Dns dns;
    private final Clock clock;
    private final Duration answerWithin;
    private final Duration patience;
    private final OkHttpClient plain;
    private final ScheduledExecutorService deadlines;

    /** Clients by the bundle that they trust: a client made anew would share no connection with the one before. */
    private final Map<String, OkHttpClient> trusting = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, OkHttpClient> eldest) {
            return size() > BUNDLES_KEPT;
        }
    };

    HttpClients(Dns dns, EnvironmentProxies proxies, Clock clock, Duration connectTimeout, Duration readTimeout) {
        this.dns = dns;
        this.clock = clock;
        this.answerWithin = readTimeout.multipliedBy(ANSWER_TIMEOUTS);
        this.patience = readTimeout.multipliedBy(TRICKLE_TIMEOUTS);
        this.deadlines = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("http-deadlines").factory());
        // A proxy is the operator's choice, and so may be where no source may.
        Dns lookup = host -> proxies.isProxy(host) ? Dns.SYSTEM.lookup(host) : dns.lookup(host);
        Authenticator proxyAuthenticator = (route, response) -> {
            if (route == null
                    || response.request().header("Proxy-Authorization") != null
                    || !(route.proxy().address() instanceof InetSocketAddress proxy)) {
                return null;
            }
            return proxies.authorization(proxy.getHostString(), proxy.getPort())
                    .map(value -> response.request()
                            .newBuilder()
                            .header("Proxy-Authorization", value)
                            .build())
                    .orElse(null);
        };
        this.plain = new OkHttpClient.Builder()
                .followRedirects(false)
                .followSslRedirects(false)
                .dns(lookup)
                .proxySelector(proxies)
                .proxyAuthenticator(proxyAuthenticator)
                .connectTimeout(connectTimeout)
                .readTimeout(readTimeout)
                .writeTimeout(readTimeout)
                // One connection a piece: they are to add up, not to share one window.
                .protocols(List.of(Protocol.HTTP_1_1))
                .build();
    }

    /** For how long a body may trickle. */
    Duration patience() {
        return patience;
    }

    /**
     * A client that trusts what a source is to trust; the same one for the same bundle.
     *
     * @throws SourceException.Refused if the bundle is of no use
     */
    synchronized OkHttpClient clientFor(ResolvedSource source) throws SourceException {
        String bundle = source.caBundle();
        if (bundle == null) {
            return plain;
        }
        OkHttpClient known = trusting.get(bundle);
        if (known != null) {
            return known;
        }
        try {
            Trust trust = Trust.with(bundle, clock.instant());
            OkHttpClient client = plain.newBuilder()
                    .sslSocketFactory(trust.sockets(), trust.manager())
                    .build();
            trusting.put(bundle, client);
            return client;
        } catch (GeneralSecurityException e) {
            throw new SourceException.Refused(
                    "%s can't be used for %s: %s"
                            .formatted(
                                    source.bundleField(), source.publicName(), ConnectionWords.plain(e.getMessage())),
                    e);
        }
    }

    /** The client looks up names only; whoever guards the lookup is to see addresses too. */
    void checkAddress(String host) throws IOException {
        if (ADDRESS.matcher(host).matches()) {
            dns.lookup(host);
        }
    }

    /** Something that brings an answer. */
    interface Exchange {
        Response run() throws IOException;
    }

    /** The client's own timeouts begin anew with each byte; whoever sends a byte of the header at a time gets no more. */
    Response within(Call call, Exchange exchange) throws IOException {
        AtomicBoolean late = new AtomicBoolean();
        ScheduledFuture<?> deadline = deadlines.schedule(
                () -> {
                    late.set(true);
                    call.cancel();
                },
                answerWithin.toMillis(),
                TimeUnit.MILLISECONDS);
        try {
            return exchange.run();
        } catch (IOException e) {
            if (late.get() && !(e instanceof InterruptedIOException)) {
                SocketTimeoutException timeout =
                        new SocketTimeoutException("no whole answer in %d s".formatted(answerWithin.toSeconds()));
                timeout.initCause(e);
                throw timeout;
            }
            throw e;
        } finally {
            deadline.cancel(false);
        }
    }

    @Override
    public void close() {
        deadlines.shutdownNow();
        plain.dispatcher().executorService().shutdown();
        plain.connectionPool().evictAll();
    }
}
