package io.virtualimage.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.virtualimage.oci.RegistryException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a real registry does only now and then: tokens, redirects, pages, refusals. */
class HttpRegistryTest {

    private static final Repository REPOSITORY = new Repository("a/b");
    private static final Credentials CREDENTIALS = new Credentials("user", "geheim");
    private static final String BASIC = "Basic " + Base64.getEncoder().encodeToString("user:geheim".getBytes(UTF_8));
    private static final Digest DIGEST = Digest.sha256("hello".getBytes(UTF_8));

    private final OkHttpClient client = new OkHttpClient();
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private Instant now = Instant.EPOCH;
    private HttpServer registry;
    private HttpServer other;

    @BeforeEach
    void start() throws IOException {
        registry = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        registry.setExecutor(task -> Thread.ofVirtual().start(task));
        registry.start();
        other.start();
    }

    @AfterEach
    void stop() {
        registry.stop(0);
        other.stop(0);
    }

    @Test
    void getsATokenWhenAskedAndKeepsItUntilItExpires() throws RegistryException {
        List<String> asked = Collections.synchronizedList(new ArrayList<>());
        other.createContext("/token", exchange -> {
            asked.add(exchange.getRequestURI().getRawQuery() + " " + authorization(exchange));
            answer(exchange, 200, "{'token':'t" + asked.size() + "','expires_in':300}");
        });
        serve(exchange -> {
            if (!authorization(exchange).startsWith("Bearer t")) {
                exchange.getResponseHeaders()
                        .add(
                                "WWW-Authenticate",
                                "Bearer realm=\"" + base(other)
                                        + "/token\",service=\"the registry\",scope=\"repository:a/b:pull\"");
                answer(exchange, 401, "{'errors':[{'code':'UNAUTHORIZED'}]}");
            } else {
                answer(exchange, 404, "");
            }
        });
        HttpRegistry client = connect(CREDENTIALS);
        assertThat(client.headBlob(REPOSITORY, DIGEST)).isEmpty();
        assertThat(client.headBlob(REPOSITORY, DIGEST)).isEmpty();
        assertThat(asked).containsExactly("service=the%20registry&scope=repository%3Aa%2Fb%3Apull " + BASIC);
        assertThat(requests).hasSize(3);

        now = now.plusSeconds(295);
        assertThat(client.headBlob(REPOSITORY, DIGEST)).isEmpty();
        assertThat(asked).hasSize(2);
        assertThat(requests).hasSize(4).last().asString().endsWith("Bearer t2");
        assertThat(client.headBlob(new Repository("c"), DIGEST)).isEmpty();
        assertThat(asked).hasSize(3).last().asString().contains("scope=repository%3Ac%3Apull");
    }

    @Test
    void sendsBasicCredentialsOnlyOnceAsked() throws RegistryException {
        serve(exchange -> {
            exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"r\"");
            answer(exchange, authorization(exchange).equals(BASIC) ? 200 : 401, "{}");
        });
        HttpRegistry client = connect(CREDENTIALS);
        client.checkApi();
        client.checkApi();
        assertThat(requests).containsExactly("GET /v2/ ", "GET /v2/ " + BASIC, "GET /v2/ " + BASIC);
        assertFails(Reason.UNAUTHORIZED, "401", () -> connect(null).checkApi());
        assertFails(
                Reason.UNAUTHORIZED,
                "401",
                () -> connect(new Credentials("user", "wrong")).checkApi());
    }

    /** Both are told that credentials are needed before either has sent any. */
    @Test
    void sendsThemForEachOfTwoThreadsThatAreAsked() throws Exception {
        CountDownLatch bothCame = new CountDownLatch(2);
        serve(exchange -> {
            if (authorization(exchange).isEmpty()) {
                bothCame.countDown();
                await(bothCame);
            }
            exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"r\"");
            answer(exchange, authorization(exchange).equals(BASIC) ? 200 : 401, "{}");
        });
        HttpRegistry client = connect(CREDENTIALS);
        FutureTask<Void> second = new FutureTask<>(() -> {
            client.checkApi();
            return null;
        });
        Thread.ofVirtual().start(second);
        client.checkApi();
        second.get(10, TimeUnit.SECONDS);
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void givesAnIdentityTokenToTheTokenServiceAlone() throws RegistryException {
        List<String> asked = Collections.synchronizedList(new ArrayList<>());
        other.createContext("/token", exchange -> {
            asked.add(exchange.getRequestMethod() + " " + authorization(exchange)
                    + new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            answer(exchange, 200, "{'access_token':'t','expires_in':9223372036854775807}");
        });
        serve(exchange -> {
            boolean good = authorization(exchange).equals("Bearer t");
            exchange.getResponseHeaders()
                    .add("WWW-Authenticate", "Bearer realm=\"" + base(other) + "/token\",service=\"s\",scope=\"\"");
            answer(exchange, good ? 404 : 401, "");
        });
        assertThat(connect(Credentials.ofIdentityToken("geheim")).headBlob(REPOSITORY, DIGEST))
                .isEmpty();
        assertThat(asked)
                .containsExactly("POST grant_type=refresh_token&client_id=virtualimage&refresh_token=geheim"
                        + "&scope=repository%3Aa%2Fb%3Apull&service=s");
        assertThat(requests).noneMatch(each -> each.contains("geheim"));
    }

    @Test
    void hasNoUseForAnIdentityTokenWhereBasicIsAsked() {
        serve(exchange -> {
            exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"r\"");
            answer(exchange, 401, "{'errors':[{'code':'UNAUTHORIZED','message':'who are you'}]}");
        });
        HttpRegistry client = connect(Credentials.ofIdentityToken("geheim"));
        assertFails(Reason.UNAUTHORIZED, "(who are you)", () -> client.getManifest(REPOSITORY, Tag.LATEST));
        assertThat(requests).containsExactly("GET /v2/a/b/manifests/latest ");
    }

    @Test
    void asksForAnAnonymousTokenAndSaysWhatTheRegistryMakesOfIt() {
        List<String> asked = Collections.synchronizedList(new ArrayList<>());
        other.createContext("/token", exchange -> {
            asked.add(authorization(exchange));
            answer(exchange, 200, "{'token':'anonymous'}");
        });
        serve(exchange -> {
            exchange.getResponseHeaders().add("WWW-Authenticate", "Bearer realm=\"" + base(other) + "/token\"");
            answer(exchange, 401, "{'errors':[{'code':'UNAUTHORIZED','message':'authentication required'}]}");
        });
        HttpRegistry client = connect(null);
        assertFails(
                Reason.UNAUTHORIZED,
                "401 Unauthorized (authentication required)",
                () -> client.getManifest(REPOSITORY, Tag.LATEST));
        assertThat(asked).containsExactly("");
        assertThat(requests).last().asString().endsWith("Bearer anonymous");
    }

    @Test
    void saysWhatTheTokenServiceSaid() {
        serve(exchange -> {
            exchange.getResponseHeaders().add("WWW-Authenticate", "Bearer realm=\"" + base(other) + "/token\"");
            answer(exchange, 401, "");
        });
        assertTokenRefusal(
                401,
                "{'details':'incorrect username or password'}",
                Reason.UNAUTHORIZED,
                "401 Unauthorized (incorrect");
        assertTokenRefusal(401, "{'errors':[{'code':'DENIED','message':'wrong'}]}", Reason.UNAUTHORIZED, "(wrong)");
        assertTokenRefusal(
                400, "{'error':'invalid_grant','error_description':'expired'}", Reason.UNAUTHORIZED, "(expired)");
        assertTokenRefusal(400, "{'error':'invalid_scope'}", Reason.PROTOCOL, "(invalid_scope)");
        assertTokenRefusal(401, "{'message':'no such pair: user geheim'}", Reason.UNAUTHORIZED, "401 Unauthorized");
        assertTokenRefusal(401, "{'message':{}}", Reason.UNAUTHORIZED, "401 Unauthorized");
        assertTokenRefusal(404, "", Reason.PROTOCOL, "404");
        assertTokenRefusal(503, "<html>", Reason.UNAVAILABLE, "503");
        assertTokenRefusal(200, "{'token':geheim}", Reason.PROTOCOL, "not the JSON of a token");
        assertTokenRefusal(200, "{}", Reason.PROTOCOL, "no token");
    }

    private void assertTokenRefusal(int status, String body, Reason reason, String words) {
        other.createContext("/token", exchange -> answer(exchange, status, body));
        assertFails(reason, words, () -> connect(CREDENTIALS).getManifest(REPOSITORY, Tag.LATEST));
        assertFails(
                reason,
                "getting a token from 127.0.0.1",
                () -> connect(CREDENTIALS).checkApi());
        other.removeContext("/token");
    }

    @Test
    void refusesManifestsOfSchema1BeforeTheirDigest() {
        serve(exchange -> {
            exchange.getResponseHeaders()
                    .add("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws");
            exchange.getResponseHeaders().add("Docker-Content-Digest", DIGEST.toString());
            answer(exchange, 200, "{'schemaVersion':1}");
        });
        assertFails(Reason.PROTOCOL, "schema 1", () -> connect(null).getManifest(REPOSITORY, Tag.LATEST));
    }

    @Test
    void takesNoCredentialsToAnotherHost() throws IOException {
        List<String> elsewhere = Collections.synchronizedList(new ArrayList<>());
        other.createContext("/", exchange -> {
            elsewhere.add(authorization(exchange) + exchange.getRequestHeaders().getFirst("Range"));
            exchange.getResponseHeaders().add("Content-Range", "bytes 1-4/5");
            answer(exchange, 206, "ello");
        });
        serve(exchange -> {
            if (authorization(exchange).isEmpty()) {
                exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"r\"");
                answer(exchange, 401, "");
            } else {
                exchange.getResponseHeaders().add("Location", base(other) + "/store?signature=x");
                answer(exchange, 307, "");
            }
        });
        try (var in = connect(CREDENTIALS).openBlob(REPOSITORY, DIGEST, 1)) {
            assertThat(in.readAllBytes()).asString(UTF_8).isEqualTo("ello");
        }
        assertThat(elsewhere).containsExactly("bytes=1-");
    }

    @Test
    void followsOnlySoManyRedirects() {
        serve(exchange -> {
            exchange.getResponseHeaders().add("Location", "/again");
            answer(exchange, 302, "");
        });
        assertFails(
                Reason.PROTOCOL,
                "redirected more than 5 times",
                () -> connect(null).openBlob(REPOSITORY, DIGEST, 0));
        assertThat(requests).hasSize(6);
        assertFails(Reason.PROTOCOL, "302", () -> connect(null).startUpload(REPOSITORY));
    }

    @Test
    void readsNothingThatWasNotAskedFor() throws IOException {
        serve(exchange -> answer(exchange, 200, "hello"));
        assertFails(
                Reason.RANGES_UNSUPPORTED,
                "ignored the range",
                () -> connect(null).openBlob(REPOSITORY, DIGEST, 3));
        try (var in = connect(null).openBlob(REPOSITORY, DIGEST, 0, 2)) {
            assertThat(in.readAllBytes()).asString(UTF_8).isEqualTo("he");
        }
        Digest wrong = Digest.sha256(new byte[1]);
        assertFails(
                Reason.DIGEST_MISMATCH, "another digest", () -> connect(null).readBlob(REPOSITORY, wrong, 10));
        assertFails(
                Reason.DIGEST_MISMATCH, wrong.toString(), () -> connect(null).getManifest(REPOSITORY, wrong));
    }

    @Test
    void saysWhatTheRegistrySaid() {
        serve(exchange -> {
            String query = exchange.getRequestURI().getPath();
            exchange.getResponseHeaders().add("Retry-After", "7");
            int status = Integer.parseInt(query.substring(query.lastIndexOf("/t") + 2));
            answer(exchange, status, "{'errors':[{'code':'X','message':'the disk\\nis full'},{'code':'Y'}]}");
        });
        assertRefusal(403, Reason.FORBIDDEN);
        assertRefusal(404, Reason.NOT_FOUND);
        assertRefusal(429, Reason.UNAVAILABLE);
        assertRefusal(503, Reason.UNAVAILABLE);
        assertRefusal(418, Reason.PROTOCOL);
    }

    private void assertRefusal(int status, Reason reason) {
        assertThatThrownBy(() -> connect(null).getManifest(REPOSITORY, new Tag("t" + status)))
                .isInstanceOfSatisfying(RegistryException.class, e -> {
                    assertThat(e.reason()).isEqualTo(reason);
                    assertThat(e.retryable()).isEqualTo(reason == Reason.UNAVAILABLE);
                    assertThat(e.retryAfter()).hasValue(Duration.ofSeconds(7));
                    assertThat(e.getMessage())
                            .startsWith("tried to read the manifest t" + status + " of a/b but failed because the "
                                    + "registry answered " + status)
                            .endsWith("(the disk is full; Y)");
                });
    }

    /** Whatever a server says stands in the status of an image, and in logs. */
    @Test
    void quotesNothingThatIsLongOrNotPrintable() {
        String words = "\\u202e\\u001b[31m\\u0085\\u2028<b>" + "x".repeat(20_000);
        serve(exchange -> {
            boolean blob = exchange.getRequestURI().getPath().contains("/blobs/");
            exchange.getResponseHeaders().add("Content-Range", "\u001b[" + "y".repeat(20_000));
            answer(exchange, blob ? 206 : 418, "{'errors':[{'code':'X','message':'" + words + "'}]}");
        });
        assertThatThrownBy(() -> connect(null).getManifest(REPOSITORY, new Tag("t")))
                .isInstanceOf(RegistryException.class)
                .satisfies(e -> assertThat(e.getMessage())
                        .contains("? [31m")
                        .matches("[\\x20-\\x7e…]+")
                        .hasSizeLessThan(700));
        assertThatThrownBy(() -> connect(null).openBlob(REPOSITORY, DIGEST, 0))
                .isInstanceOf(RegistryException.class)
                .satisfies(e -> assertThat(e.getMessage())
                        .contains("the registry sent the range")
                        .matches("[\\x20-\\x7e…]+")
                        .hasSizeLessThan(1300));
    }

    @Test
    void callsARegistryThatIsAwayUnavailable() {
        HttpRegistry client = connect(null);
        registry.stop(0);
        assertFails(Reason.UNAVAILABLE, "connection", client::checkApi);
    }

    @Test
    void tellsDeletionNotAllowedFromOtherRefusals() {
        serve(exchange -> answer(exchange, 405, "{'errors':[{'code':'UNSUPPORTED','message':'unsupported'}]}"));
        assertThatThrownBy(() -> connect(null).deleteManifest(REPOSITORY, DIGEST))
                .isInstanceOf(DeleteNotAllowedException.class)
                .hasMessageContaining("405")
                .hasMessageContaining("unsupported");
    }

    @Test
    void readsAllPagesOfTags() throws RegistryException {
        serve(exchange -> {
            String query = Objects.requireNonNullElse(exchange.getRequestURI().getQuery(), "");
            if (query.contains("last=b")) {
                answer(exchange, 200, "{'tags':['c']}");
            } else {
                exchange.getResponseHeaders().add("Link", "</v2/a/b/tags/list?last=b&n=2>; rel=\"next\"");
                answer(exchange, 200, "{'tags':['a','b']}");
            }
        });
        assertThat(connect(null).listTags(REPOSITORY)).containsExactly(new Tag("a"), new Tag("b"), new Tag("c"));
    }

    @Test
    void leavesNoEndlessListOfTags() {
        serve(exchange -> {
            exchange.getResponseHeaders().add("Link", "</v2/a/b/tags/list?last=b>; rel=next");
            answer(exchange, 200, "{'tags':['a']}");
        });
        assertFails(Reason.PROTOCOL, "next page", () -> connect(null).listTags(REPOSITORY));
    }

    @Test
    void resolvesRelativeLocationsAndKeepsTheirState() throws IOException {
        serve(exchange -> {
            exchange.getRequestBody().readAllBytes();
            String range = exchange.getRequestHeaders().getFirst("Content-Range");
            exchange.getResponseHeaders()
                    .add("Location", "/v2/a/b/blobs/uploads/7?_state=x%3D%3D&n=" + requests.size());
            exchange.getResponseHeaders().add("Range", range == null ? "0-0" : range);
            answer(exchange, exchange.getRequestMethod().equals("PUT") ? 201 : 202, "");
        });
        HttpRegistry client = connect(null);
        UploadLocation location = client.startUpload(REPOSITORY);
        assertThat(location.uri()).hasToString(base(registry) + "/v2/a/b/blobs/uploads/7?_state=x%3D%3D&n=1");
        location = client.uploadChunk(location, 0, 5, ChunkBody.of("hello".getBytes(UTF_8)));
        client.completeUpload(location, DIGEST);
        assertThat(requests)
                .containsExactly(
                        "POST /v2/a/b/blobs/uploads/ ",
                        "PATCH /v2/a/b/blobs/uploads/7?_state=x%3D%3D&n=1 ",
                        "PUT /v2/a/b/blobs/uploads/7?_state=x%3D%3D&n=2&digest=sha256%3A" + DIGEST.hex() + " ");
    }

    @Test
    void doesNotSpendAChunkTwiceForAToken() throws IOException {
        serve(exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"r\"");
            exchange.getResponseHeaders().add("Location", "/u");
            answer(exchange, authorization(exchange).isEmpty() ? 401 : 202, "");
        });
        HttpRegistry client = connect(CREDENTIALS);
        UploadLocation location = new UploadLocation(REPOSITORY, URI.create(base(registry) + "/u"));
        assertFails(Reason.UNAVAILABLE, "401", () -> client.uploadChunk(location, 0, 1, ChunkBody.of(new byte[1])));
        client.uploadChunk(location, 0, 1, ChunkBody.of(new byte[1]));
        assertThat(requests).containsExactly("PATCH /u ", "PATCH /u " + BASIC);
    }

    @Test
    void checksItsSettings() {
        for (String bad : List.of("ftp://r", "r.example.com", "http://u:p@r", "http://r/path", "http://r?q")) {
            assertThatThrownBy(() -> new RegistrySettings(URI.create(bad)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageNotContaining("u:p");
        }
        assertThatThrownBy(() -> CaBundle.parse("no".getBytes(UTF_8))).isInstanceOf(IllegalArgumentException.class);
    }

    private interface Handler {
        void handle(HttpExchange exchange) throws IOException;
    }

    private void serve(Handler handler) {
        registry.createContext("/", exchange -> {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + authorization(exchange));
            handler.handle(exchange);
        });
    }

    private HttpRegistry connect(Credentials credentials) {
        Clock clock = new Clock() {
            @Override
            public ZoneOffset getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now;
            }
        };
        RegistrySettings settings = new RegistrySettings(URI.create(base(registry)), credentials, List.of());
        return new HttpRegistry(settings, client, clock);
    }

    private static String base(HttpServer server) {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private static String authorization(HttpExchange exchange) {
        return Objects.requireNonNullElse(exchange.getRequestHeaders().getFirst("Authorization"), "");
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = (body.startsWith("{") ? body.replace('\'', '"') : body).getBytes(UTF_8);
        boolean none = bytes.length == 0 || exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, none ? -1 : bytes.length);
        if (!none) {
            exchange.getResponseBody().write(bytes);
        }
        exchange.close();
    }

    private static void assertFails(Reason reason, String words, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining(words)
                .hasMessageNotContaining("geheim");
    }
}
