package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.virtualimage.oci.RegistryException.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import okhttp3.Challenge;
import okhttp3.FormBody;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows what to put into {@code Authorization}: nothing until the registry has asked, then Basic or a Bearer token,
 * whichever it asked for. Tokens are kept per scope until shortly before they expire.
 *
 * @see <a href="https://distribution.github.io/distribution/spec/auth/token/">Token authentication</a>
 */
final class Authorizer {

    private static final Logger log = LoggerFactory.getLogger(Authorizer.class);

    private static final String CLIENT_ID = "virtualimage";
    private static final int MAX_TOKENS = 1000;
    private static final long MAX_TOKEN_BYTES = 1 << 20;
    private static final Duration DEFAULT_VALIDITY = Duration.ofSeconds(60);
    private static final long MAX_VALID_SECONDS = 24 * 3600;
    private static final Duration MARGIN = Duration.ofSeconds(10);

    private final RegistrySettings settings;
    private final OkHttpClient client;
    private final Clock clock;
    private final Map<Scope, Token> tokens = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Scope, Token> eldest) {
            return size() > MAX_TOKENS;
        }
    };

    private volatile @Nullable Service service;
    private volatile boolean basic;

    /** @param client follows no redirects */
    Authorizer(RegistrySettings settings, OkHttpClient client, Clock clock) {
        this.settings = settings;
        this.client = client;
        this.clock = clock;
    }

    /** The header's value for a call to the registry itself, or null. May ask the token service. */
    @Nullable
    String headerFor(RegistryCall call) throws RegistryException {
        Service known = service;
        if (known != null) {
            Token token = cached(call.scope());
            if (token == null || !clock.instant().isBefore(token.usableUntil())) {
                List<String> scopes = token == null ? call.scope().texts() : token.scopes();
                token = fetch(call, known, scopes);
            }
            return "Bearer " + token.value();
        }
        Credentials credentials = settings.credentials();
        return basic && credentials != null && credentials.identityToken() == null ? basicOf(credentials) : null;
    }

    /**
     * Learns from a 401.
     *
     * @return whether asking again makes sense
     */
    boolean learn(RegistryCall call, Response unauthorized) throws RegistryException {
        for (Challenge each : unauthorized.challenges()) {
            String realm = each.realm();
            switch (each.scheme().toLowerCase(Locale.ROOT)) {
                case "bearer" -> {
                    if (realm != null) {
                        Service named = new Service(
                                serviceUrl(call, realm), each.authParams().get("service"));
                        String wanted = each.authParams().get("scope");
                        fetch(call, named, scopes(call, wanted));
                        service = named;
                        return true;
                    }
                }
                case "basic" -> {
                    Credentials credentials = settings.credentials();
                    // Another thread may have learned meanwhile: what counts is what this request had.
                    boolean sent = unauthorized.request().header("Authorization") != null;
                    if (credentials != null && credentials.identityToken() == null && !sent) {
                        basic = true;
                        return true;
                    }
                }
                default ->
                    log.atDebug().addKeyValue("scheme", each.scheme()).log("authentication scheme not supported");
            }
        }
        return false;
    }

    private static List<String> scopes(RegistryCall call, @Nullable String wanted) {
        return wanted == null || wanted.isBlank()
                ? call.scope().texts()
                : List.of(wanted.strip().split(" +"));
    }

    private HttpUrl serviceUrl(RegistryCall call, String realm) throws RegistryException {
        HttpUrl url = HttpUrl.parse(realm);
        if (url == null) {
            throw call.failed(Reason.PROTOCOL, "its token service has no valid address");
        }
        if ("https".equals(settings.base().getScheme()) && !url.isHttps()) {
            throw call.failed(Reason.PROTOCOL, "its token service at " + url.host() + " is not protected by TLS");
        }
        return url;
    }

    private Token fetch(RegistryCall call, Service from, List<String> scopes) throws RegistryException {
        Credentials credentials = settings.credentials();
        Request request = credentials != null && credentials.identityToken() != null
                ? refresh(from, scopes, credentials.identityToken())
                : request(from, scopes, credentials);
        RegistryCall asking = new RegistryCall(
                call.deed() + " (getting a token from " + from.url().host() + ")",
                call.scope(),
                request.method(),
                from.url());
        try (Response response = client.newCall(request).execute()) {
            if (!response.isSuccessful()) {
                throw ErrorAnswer.ofTokenService(asking, response, credentials);
            }
            Answer answer = parse(response.peekBody(MAX_TOKEN_BYTES).bytes(), asking);
            String value = answer.token() != null ? answer.token() : answer.accessToken();
            if (value == null || !value.matches("[\\x21-\\x7e]+")) {
                throw asking.failed(Reason.PROTOCOL, "the answer has no token");
            }
            long seconds = Math.min(answer.expiresIn(), MAX_VALID_SECONDS);
            Duration validity = seconds > 0 ? Duration.ofSeconds(seconds) : DEFAULT_VALIDITY;
            Duration margin = validity.dividedBy(3).compareTo(MARGIN) < 0 ? validity.dividedBy(3) : MARGIN;
            Token token =
                    new Token(value, scopes, clock.instant().plus(validity).minus(margin));
            synchronized (tokens) {
                tokens.put(call.scope(), token);
            }
            return token;
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw RegistryHttp.unreached(asking.deed(), from.url(), e);
        }
    }

    private static Answer parse(byte[] json, RegistryCall asking) throws RegistryException {
        try {
            return Json.read(json, Answer.class, asking.deed());
        } catch (RegistryException e) {
            // Without a cause: the parser's message may quote the token.
            throw asking.failed(Reason.PROTOCOL, "the answer is not the JSON of a token");
        }
    }

    private static Request request(Service from, List<String> scopes, @Nullable Credentials credentials) {
        HttpUrl.Builder url = from.url().newBuilder();
        if (from.name() != null) {
            url.addQueryParameter("service", from.name());
        }
        scopes.forEach(each -> url.addQueryParameter("scope", each));
        Request.Builder request = new Request.Builder().url(url.build());
        if (credentials != null) {
            request.header("Authorization", basicOf(credentials));
        }
        return request.build();
    }

    /** As Docker asks with an identity token (Docker registry, "OAuth2 token authentication"). */
    private static Request refresh(Service from, List<String> scopes, String identityToken) {
        FormBody.Builder form = new FormBody.Builder()
                .add("grant_type", "refresh_token")
                .add("client_id", CLIENT_ID)
                .add("refresh_token", identityToken)
                .add("scope", String.join(" ", scopes));
        if (from.name() != null) {
            form.add("service", from.name());
        }
        return new Request.Builder().url(from.url()).post(form.build()).build();
    }

    private @Nullable Token cached(Scope scope) {
        synchronized (tokens) {
            return tokens.get(scope);
        }
    }

    private static String basicOf(Credentials credentials) {
        return okhttp3.Credentials.basic(credentials.user(), credentials.password(), StandardCharsets.UTF_8);
    }

    private record Service(HttpUrl url, @Nullable String name) {}

    private record Token(String value, List<String> scopes, Instant usableUntil) {}

    record Answer(
            @Nullable String token,
            @JsonProperty("access_token") @Nullable String accessToken,
            @JsonProperty("expires_in") long expiresIn) {}
}
