package io.virtualimage.fetcher.source;

import io.virtualimage.topics.FailureReason;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import okhttp3.Authenticator;
import okhttp3.Call;
import okhttp3.Credentials;
import okhttp3.Dns;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;

/**
 * One GET and its redirects. They are followed here and not by the client, because each hop is a new address that some
 * stranger chose: it is checked as the first one was, and gets no credentials but at the very origin they were given for.
 *
 * <p>A server whose certificate is not to be trusted (unknown authority, other name, expired) is refused at once: asking
 * it again would not make it another server, and what helps is a change of the image's {@code caBundle} or of the
 * server. One that is not valid yet, or that breaks off the handshake, may be better soon.
 */
final class HttpExchange implements AutoCloseable {
    static final int MAX_REDIRECTS = 10;
    static final int CONNECTIONS_PER_HOST = 8;
    private static final int BUNDLES_KEPT = 64;

    /** As many of the client's read timeouts an answer may take to begin, and a body may trickle. */
    private static final int ANSWER_TIMEOUTS = 4;

    private static final int TRICKLE_TIMEOUTS = 2;
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");

    private final Dns dns;
    private final Clock clock;
    private final Duration answerWithin;
    private final Duration patience;
    private final OkHttpClient plain;
    private final ScheduledExecutorService deadlines;
    private final HostSlots slots = new HostSlots(CONNECTIONS_PER_HOST);

    /** Clients by the bundle that they trust: a client made anew would share no connection with the one before. */
    private final Map<String, OkHttpClient> trusting = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, OkHttpClient> eldest) {
            return size() > BUNDLES_KEPT;
        }
    };

    HttpExchange(Dns dns, EnvironmentProxies proxies, Clock clock, Duration connectTimeout, Duration readTimeout) {
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

    /** Asks for the source, and for where it says it is. Whoever gets the answer closes it. */
    HttpAnswer get(ResolvedSource source, Map<String, String> fields) throws SourceException, InterruptedException {
        String name = source.publicUrl();
        HttpUrl start = HttpUrl.parse(source.url());
        if (start == null) {
            throw new SourceException.Refused(name + " is not a URL", null);
        }
        OkHttpClient client = clientFor(source);
        HttpUrl url = start;
        for (int hops = 0; hops <= MAX_REDIRECTS; hops++) {
            HttpAnswer answer = send(client, name, start, url, fields);
            switch (answer.code()) {
                case 301, 302, 303, 307, 308 -> {
                    try (answer) {
                        url = next(answer);
                        name = source.publicUrl() + " (redirected to " + publicUrl(url) + ")";
                    }
                }
                default -> {
                    return answer;
                }
            }
        }
        throw new SourceException.Refused(
                "%s redirects more than %d times".formatted(source.publicUrl(), MAX_REDIRECTS), null);
    }

    private static HttpUrl next(HttpAnswer answer) throws SourceException {
        String location = answer.field("Location");
        HttpUrl target = location == null ? null : answer.url().resolve(location);
        if (target == null) {
            throw new SourceException.Refused(
                    answer.name() + " answered " + answer.status() + ", but not with an http or https address to go to",
                    null);
        }
        if (answer.url().isHttps() && !target.isHttps()) {
            throw new SourceException.Refused(
                    "%s redirects from https to %s, which anyone on the way could forge; name that address if it is to be trusted"
                            .formatted(answer.name(), publicUrl(target)),
                    null);
        }
        // Credentials that a server puts there are its own invention.
        return target.newBuilder().username("").password("").fragment(null).build();
    }

    private HttpAnswer send(OkHttpClient client, String name, HttpUrl start, HttpUrl url, Map<String, String> fields)
            throws SourceException, InterruptedException {
        Headers.Builder headers = new Headers.Builder()
                .add("User-Agent", "virtualimage")
                .add("Accept", "*/*")
                .add("Accept-Encoding", "identity");
        fields.forEach(headers::add);
        if (sameOrigin(start, url)
                && !(start.username().isEmpty() && start.password().isEmpty())) {
            headers.add("Authorization", Credentials.basic(start.username(), start.password(), StandardCharsets.UTF_8));
        }
        HttpUrl bare = url.newBuilder().username("").password("").fragment(null).build();
        Call call = client.newCall(
                new Request.Builder().url(bare).headers(headers.build()).build());
        HostSlots.Slot slot = slots.acquire(url.host() + ":" + url.port());
        HttpAnswer answer = null;
        try {
            checkAddress(url.host());
            answer = new HttpAnswer(name, bare, call, execute(call), slot, patience);
            return answer;
        } catch (IOException e) {
            if (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException)) {
                InterruptedException stopped = new InterruptedException("interrupted while connecting");
                stopped.initCause(e);
                throw stopped;
            }
            throw unreachable(name, e, !client.equals(plain));
        } finally {
            if (answer == null) {
                slot.close();
            }
        }
    }

    /** The client's own timeouts begin anew with each byte; whoever sends a byte of the header at a time gets no more. */
    private Response execute(Call call) throws IOException {
        AtomicBoolean late = new AtomicBoolean();
        ScheduledFuture<?> deadline = deadlines.schedule(
                () -> {
                    late.set(true);
                    call.cancel();
                },
                answerWithin.toMillis(),
                TimeUnit.MILLISECONDS);
        try {
            return call.execute();
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

    private static SourceException unreachable(String name, IOException e, boolean bundled) {
        Optional<String> verdict = CertificateWords.of(e, bundled);
        return verdict.isPresent()
                ? new SourceException.Refused(name + " can't be trusted: " + verdict.get(), e)
                : new SourceException.Unavailable(
                        FailureReason.SOURCE_UNAVAILABLE,
                        name + " can't be reached: " + ConnectionWords.of(e),
                        Duration.ZERO,
                        e);
    }

    /** The client looks up names only; whoever guards the lookup is to see addresses too. */
    private void checkAddress(String host) throws IOException {
        if (ADDRESS.matcher(host).matches()) {
            dns.lookup(host);
        }
    }

    private synchronized OkHttpClient clientFor(ResolvedSource source) throws SourceException {
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
                    "dataSource.http.caBundle can't be used for %s: %s"
                            .formatted(source.publicUrl(), ConnectionWords.plain(e.getMessage())),
                    e);
        }
    }

    private static boolean sameOrigin(HttpUrl one, HttpUrl other) {
        return one.scheme().equals(other.scheme()) && one.host().equals(other.host()) && one.port() == other.port();
    }

    private static String publicUrl(HttpUrl url) {
        return new ResolvedSource(url.toString(), null).publicUrl();
    }

    @Override
    public void close() {
        deadlines.shutdownNow();
        plain.dispatcher().executorService().shutdown();
        plain.connectionPool().evictAll();
    }
}
