package io.virtualimage.oci;

import io.virtualimage.oci.RegistryException.Reason;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.security.cert.CertificateException;
import java.time.Clock;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Sends calls to one registry: authorization, redirects, and connections that fail. */
final class RegistryHttp {

    private static final int MAX_REDIRECTS = 5;

    private final HttpUrl base;
    private final OkHttpClient client;
    private final OkHttpClient slowClient;
    private final Authorizer authorizer;

    RegistryHttp(RegistrySettings settings, OkHttpClient given, Clock clock) {
        this.base = HttpUrl.get(settings.base().toString());
        // Redirects are followed here, where it is known who may see credentials; HTTP/2's windows slow uploads down.
        OkHttpClient.Builder builder = given.newBuilder()
                .followRedirects(false)
                .followSslRedirects(false)
                .protocols(List.of(Protocol.HTTP_1_1))
                .connectTimeout(settings.connectTimeout())
                .readTimeout(settings.idleTimeout())
                .writeTimeout(settings.idleTimeout());
        if (!settings.trusted().isEmpty()) {
            CaBundle.apply(settings.trusted(), builder);
        }
        this.client = builder.build();
        this.slowClient =
                client.newBuilder().readTimeout(settings.commitTimeout()).build();
        this.authorizer = new Authorizer(settings, client, clock);
    }

    /** A URL under {@code /v2/}; the path is not escaped any further than it needs. */
    HttpUrl url(String path) {
        return base.newBuilder().addPathSegments("v2/" + path).build();
    }

    /** Whether a URL is on the registry itself: same scheme, host and port. */
    boolean isOurs(HttpUrl url) {
        return url.scheme().equals(base.scheme()) && url.host().equals(base.host()) && url.port() == base.port();
    }

    /**
     * Sends a call. Answers of any status come back, but for redirects of reading calls, which are followed, and a 401
     * that credentials can mend. The caller closes the response.
     *
     * @throws RegistryException ({@code UNAVAILABLE}, {@code UNTRUSTED}) if no answer came
     */
    Response send(RegistryCall call) throws RegistryException {
        Response response = exchange(call, call.url());
        if (response.code() == 401 && isOurs(call.url())) {
            authorize(call, response);
            response = exchange(call, call.url());
        }
        for (int redirects = 0; call.readsOnly() && response.isRedirect(); redirects++) {
            response = follow(call, response, redirects);
        }
        return response;
    }

    private void authorize(RegistryCall call, Response unauthorized) throws RegistryException {
        try (unauthorized) {
            if (!authorizer.learn(call, unauthorized)) {
                throw ErrorAnswer.of(call, unauthorized);
            }
            if (call.body() != null && call.body().isOneShot()) {
                // The body is spent; the next try brings another, and the right credentials.
                throw ErrorAnswer.of(call, unauthorized, Reason.UNAVAILABLE);
            }
        }
    }

    private Response follow(RegistryCall call, Response response, int redirects) throws RegistryException {
        HttpUrl next;
        try (response) {
            next = resolve(response, response.header("Location"));
            if (next == null) {
                throw call.failed(Reason.PROTOCOL, "it was redirected to no valid address");
            }
            if (redirects >= MAX_REDIRECTS) {
                throw call.failed(Reason.PROTOCOL, "it was redirected more than " + MAX_REDIRECTS + " times");
            }
            if (response.request().isHttps() && !next.isHttps()) {
                throw call.failed(Reason.PROTOCOL, "it was redirected to " + next.host() + ", without TLS");
            }
        }
        return exchange(call, next);
    }

    /** A URL from a header of an answer, relative or not; null if it is none. */
    static @Nullable HttpUrl resolve(Response response, @Nullable String location) {
        return location == null ? null : response.request().url().resolve(location);
    }

    /** A registry behind a proxy may not know that it is spoken to over TLS, and name itself without. */
    HttpUrl keepTls(HttpUrl url) {
        boolean downgraded = base.isHttps() && !url.isHttps() && url.host().equals(base.host());
        return downgraded ? url.newBuilder().scheme("https").port(base.port()).build() : url;
    }

    private Response exchange(RegistryCall call, HttpUrl url) throws RegistryException {
        Request.Builder request = new Request.Builder().url(url).method(call.method(), call.body());
        call.headers().forEach(request::header);
        if (isOurs(url)) {
            String authorization = authorizer.headerFor(call);
            if (authorization != null) {
                request.header("Authorization", authorization);
            }
        }
        try {
            return (call.slow() ? slowClient : client).newCall(request.build()).execute();
        } catch (IOException e) {
            throw unreached(call.deed(), url, e);
        }
    }

    /** No answer came: what that means. */
    static RegistryException unreached(String deed, HttpUrl url, IOException failure) {
        if (failure instanceof SSLPeerUnverifiedException || failure.getCause() instanceof CertificateException) {
            String why = "the certificate of " + url.host() + " is not trusted: " + failure.getMessage();
            return RegistryException.of(Reason.UNTRUSTED, deed, why, failure);
        }
        if (failure instanceof InterruptedIOException) {
            boolean interrupted = Thread.currentThread().isInterrupted();
            String why = interrupted ? "the thread was interrupted" : url.host() + " did not answer in time";
            return RegistryException.of(Reason.UNAVAILABLE, deed, why, failure);
        }
        String why = "the connection to " + url.host() + " failed: " + failure.getMessage();
        return RegistryException.of(Reason.UNAVAILABLE, deed, why, failure);
    }
}
