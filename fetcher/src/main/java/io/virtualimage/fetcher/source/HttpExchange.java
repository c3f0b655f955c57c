package io.virtualimage.fetcher.source;

import io.virtualimage.topics.FailureReason;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import okhttp3.Call;
import okhttp3.Credentials;
import okhttp3.Dns;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;

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

    private final HttpClients clients;
    private final HostSlots slots = new HostSlots(CONNECTIONS_PER_HOST);

    HttpExchange(Dns dns, EnvironmentProxies proxies, Clock clock, Duration connectTimeout, Duration readTimeout) {
        this.clients = new HttpClients(dns, proxies, clock, connectTimeout, readTimeout);
    }

    /** Asks for the source, and for where it says it is. Whoever gets the answer closes it. */
    HttpAnswer get(ResolvedSource.Http source, Map<String, String> fields)
            throws SourceException, InterruptedException {
        String name = source.publicName();
        HttpUrl start = HttpUrl.parse(source.url());
        if (start == null) {
            throw new SourceException.Refused(name + " is not a URL", null);
        }
        OkHttpClient client = clients.clientFor(source);
        HttpUrl url = start;
        for (int hops = 0; hops <= MAX_REDIRECTS; hops++) {
            HttpAnswer answer = send(client, source, name, start, url, fields);
            switch (answer.code()) {
                case 301, 302, 303, 307, 308 -> {
                    try (answer) {
                        url = next(answer);
                        name = source.publicName() + " (redirected to " + publicUrl(url) + ")";
                    }
                }
                default -> {
                    return answer;
                }
            }
        }
        throw new SourceException.Refused(
                "%s redirects more than %d times".formatted(source.publicName(), MAX_REDIRECTS), null);
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

    private HttpAnswer send(
            OkHttpClient client,
            ResolvedSource.Http source,
            String name,
            HttpUrl start,
            HttpUrl url,
            Map<String, String> fields)
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
            clients.checkAddress(url.host());
            answer = new HttpAnswer(name, bare, call, clients.within(call, call::execute), slot, clients.patience());
            return answer;
        } catch (IOException e) {
            if (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException)) {
                InterruptedException stopped = new InterruptedException("interrupted while connecting");
                stopped.initCause(e);
                throw stopped;
            }
            throw unreachable(name, e, source);
        } finally {
            if (answer == null) {
                slot.close();
            }
        }
    }

    private static SourceException unreachable(String name, IOException e, ResolvedSource source) {
        Optional<String> verdict = CertificateWords.of(e, source);
        return verdict.isPresent()
                ? new SourceException.Refused(name + " can't be trusted: " + verdict.get(), e)
                : new SourceException.Unavailable(
                        FailureReason.SOURCE_UNAVAILABLE,
                        name + " can't be reached: " + ConnectionWords.of(e),
                        Duration.ZERO,
                        e);
    }

    private static boolean sameOrigin(HttpUrl one, HttpUrl other) {
        return one.scheme().equals(other.scheme()) && one.host().equals(other.host()) && one.port() == other.port();
    }

    private static String publicUrl(HttpUrl url) {
        return new ResolvedSource.Http(url.toString(), null).publicName();
    }

    @Override
    public void close() {
        clients.close();
    }
}
