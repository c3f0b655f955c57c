package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okhttp3.Dns;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpSourceTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Validator V1 = new Validator(Validator.Kind.ETAG, "\"v1\"");
    private static final SourceVersion HUNDRED = new SourceVersion(V1, 100);
    private static final Duration SOON = Duration.ofMillis(300);
    private static final Duration LATE = Duration.ofSeconds(30);

    private final MockWebServer server = new MockWebServer();
    private final MockWebServer other = new MockWebServer();
    private HttpSource http = source(Dns.SYSTEM, EnvironmentProxies.NONE);

    private static HttpSource source(Dns dns, EnvironmentProxies proxies) {
        return new HttpSource(dns, proxies, Clock.fixed(NOW, ZoneOffset.UTC), LATE, LATE);
    }

    private static HttpSource impatient() {
        return new HttpSource(Dns.SYSTEM, EnvironmentProxies.NONE, Clock.fixed(NOW, ZoneOffset.UTC), LATE, SOON);
    }

    @BeforeEach
    void start() throws IOException {
        server.start();
        other.start();
    }

    @AfterEach
    void stop() {
        http.close();
        server.close();
        other.close();
    }

    private ResolvedSource at(String path) {
        return new ResolvedSource.Http(server.url(path).toString(), null);
    }

    private String named(String path) {
        return at(path).publicName();
    }

    private static MockResponse.Builder answer(int code) {
        return new MockResponse.Builder().code(code);
    }

    private static MockResponse.Builder piece(String range, String body) {
        return answer(206)
                .setHeader("Content-Range", "bytes " + range)
                .setHeader("ETag", "\"v1\"")
                .body(body);
    }

    private void give(MockResponse.Builder answer) {
        server.enqueue(answer.build());
    }

    private SourceException.Refused refused(ResolvedSource source) {
        return catchThrowableOfType(SourceException.Refused.class, () -> http.probe(source));
    }

    private SourceException.Unavailable unavailable(ResolvedSource source) {
        return catchThrowableOfType(SourceException.Unavailable.class, () -> http.probe(source));
    }

    private SourceException.Changed changed(MockResponse.Builder answer) {
        give(answer);
        return catchThrowableOfType(SourceException.Changed.class, () -> http.openRange(at("/a.img"), HUNDRED, 10, 5));
    }

    private static String read(InputStream in) throws IOException {
        try (in) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    // ---- probe

    @Test
    void aServerWithRangesTellsTheLength() throws Exception {
        give(piece("0-0/1000", "x"));
        assertThat(http.probe(at("/images/a.qcow2?secret=1"))).isEqualTo(new SourceProbe(1000L, V1, true, "a.qcow2"));
        RecordedRequest request = server.takeRequest();
        assertThat(request.getMethod()).isEqualTo("GET");
        assertThat(request.getTarget()).isEqualTo("/images/a.qcow2?secret=1");
        assertThat(request.getHeaders().get("Range")).isEqualTo("bytes=0-0");
        assertThat(request.getHeaders().get("Accept-Encoding")).isEqualTo("identity");
        assertThat(request.getHeaders().get("Authorization")).isNull();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0-0/*        | "v1"   |
            0-0/100      | W/"v1" | 100
            0-0/100      | v1     | 100
            0-99/100     | "v1"   | 100
            nonsense     | "v1"   |
            """)
    void piecesThatCantBePutTogetherAreNoRanges(String range, String tag, Long length) throws Exception {
        give(piece(range, "x").setHeader("ETag", tag));
        SourceProbe probe = http.probe(at("/a.img"));
        assertThat(probe.ranges()).isFalse();
        assertThat(probe.lengthBytes()).isEqualTo(length);
    }

    @Test
    void withoutAnEntityTagTheDateIsTheValidator() throws Exception {
        give(piece("0-0/7", "x").removeHeader("ETag").setHeader("Last-Modified", "Sun, 01 Mar 2026 10:00:00 GMT"));
        assertThat(http.probe(at("/a.img")))
                .isEqualTo(new SourceProbe(
                        7L,
                        new Validator(Validator.Kind.LAST_MODIFIED, "Sun, 01 Mar 2026 10:00:00 GMT"),
                        false,
                        "a.img"));
    }

    @Test
    void aWholeAnswerMeansNoRangesWhateverTheServerSays() throws Exception {
        give(answer(200)
                .setHeader("Accept-Ranges", "bytes")
                .setHeader("ETag", "\"v1\"")
                .body(new Buffer().write(new byte[1 << 20])));
        assertThat(http.probe(at("/a.img"))).isEqualTo(new SourceProbe(1L << 20, V1, false, "a.img"));
    }

    @Test
    void aBodyInChunksHasNoLength() throws Exception {
        give(answer(200).chunkedBody("abc", 1));
        assertThat(http.probe(at("/"))).isEqualTo(new SourceProbe(null, null, false, "image"));
    }

    @Test
    void emptyFiles() throws Exception {
        give(answer(416).setHeader("Content-Range", "bytes */0"));
        assertThat(http.probe(at("/a.img")).empty()).isTrue();
        give(answer(200).body(""));
        assertThat(http.probe(at("/a.img")).empty()).isTrue();
    }

    @Test
    void aServerThatCantStandRangesIsAskedWithout() throws Exception {
        give(answer(416));
        give(answer(200).body("abc"));
        assertThat(http.probe(at("/a.img"))).isEqualTo(new SourceProbe(3L, null, false, "a.img"));
        server.takeRequest();
        assertThat(server.takeRequest().getHeaders().get("Range")).isNull();
    }

    @Test
    void theServerMayNameTheFile() throws Exception {
        give(piece("0-0/9", "x").setHeader("Content-Disposition", "attachment; filename=\"../../disk 1.iso\""));
        assertThat(http.probe(at("/download")).fileName()).isEqualTo("disk_1.iso");
    }

    // ---- answers that are no file

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 410, 451})
    void mostClientErrorsAreFinal(int code) {
        give(answer(code).status("HTTP/1.1 " + code + " So Be It"));
        assertThat(refused(at("/a.img?token=s3cret")).words())
                .isEqualTo(named("/a.img") + " answered " + code + " So Be It");
    }

    @Test
    void whatIsNoFileIsRefused() {
        give(answer(204).status("HTTP/1.1 204 No Content"));
        assertThat(refused(at("/a.img")).words()).endsWith("answered 204 No Content, which is no file");
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void passingErrorsAreTriedAgain(int code) {
        give(answer(code).status("HTTP/1.1 " + code + " Later").setHeader("Retry-After", "17"));
        give(answer(code).status("HTTP/1.1 " + code + " Later").setHeader("Retry-After", "17"));
        SourceException.Unavailable failure = unavailable(at("/a.img"));
        assertThat(failure.words()).isEqualTo(named("/a.img") + " answered " + code + " Later");
        assertThat(failure.reason()).isEqualTo(FailureReason.SOURCE_UNAVAILABLE);
        assertThat(failure.delay()).isEqualTo(Duration.ofSeconds(17));
    }

    @ParameterizedTest
    @ValueSource(ints = {416, 429, 500, 503})
    void theyNeedNotSayWhen(int code) {
        give(answer(code));
        if (code == 416) {
            give(answer(code)); // it is asked again at once, without a range
        }
        assertThat(unavailable(at("/a.img")).delay()).isZero();
        give(answer(code));
        assertThat(catchThrowableOfType(SourceException.Unavailable.class, () -> http.openStream(at("/a.img")))
                        .words())
                .contains("answered " + code);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Sun, 01 Mar 2026 12:00:20 GMT | PT20S
            Sun, 01 Mar 2026 11:00:00 GMT | PT0S
            soon                          | PT0S
            86400                         | PT5M
            """)
    void retryAfterIsHonouredWithinReason(String field, Duration delay) {
        give(answer(503).setHeader("Retry-After", field));
        assertThat(unavailable(at("/a.img")).delay()).isEqualTo(delay);
    }

    @Test
    void theServersWordsDoNoHarm() {
        give(answer(404).status("HTTP/1.1 404 " + "x".repeat(5000) + "\u0007"));
        assertThat(refused(at("/a.img")).words()).hasSizeLessThan(400).doesNotContain("\u0007");
    }

    // ---- connections

    @Test
    void nobodyListens() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        String url = "http://127.0.0.1:" + port + "/a.img";
        assertThat(unavailable(new ResolvedSource.Http(url, null)).words())
                .isEqualTo(url + " can't be reached: connection refused");
    }

    @Test
    void unknownHost() {
        http = source(
                host -> {
                    throw new UnknownHostException(host);
                },
                EnvironmentProxies.NONE);
        assertThat(unavailable(new ResolvedSource.Http("http://nowhere.example/a.img", null))
                        .words())
                .isEqualTo("http://nowhere.example/a.img can't be reached: unknown host (nowhere.example)");
    }

    @Test
    void theLookupIsAskedAboutAddressesToo() {
        http = source(
                host -> {
                    throw new UnknownHostException(host + " is not allowed");
                },
                EnvironmentProxies.NONE);
        assertThat(unavailable(new ResolvedSource.Http("http://127.0.0.1:" + server.getPort() + "/", null))
                        .words())
                .endsWith("unknown host (127.0.0.1 is not allowed)");
        assertThat(server.getRequestCount()).isZero();
    }

    @Test
    void silence() {
        http = impatient();
        give(answer(200).onResponseStart(SocketEffect.Stall.INSTANCE));
        assertThat(unavailable(at("/a.img")).words()).contains("can't be reached: timeout");
    }

    private HeldCertificate serveTls() {
        HeldCertificate certificate = new HeldCertificate.Builder()
                .addSubjectAlternativeName(server.getHostName())
                .addSubjectAlternativeName("127.0.0.1")
                .build();
        server.useHttps(new HandshakeCertificates.Builder()
                .heldCertificate(certificate)
                .build()
                .sslSocketFactory());
        return certificate;
    }

    // ---- redirects and credentials

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 303, 307, 308})
    void redirectsAreFollowedWithoutCredentials(int code) throws Exception {
        give(answer(code).setHeader("Location", other.url("/b.img?sig=1").toString()));
        other.enqueue(piece("0-0/5", "x").build());
        ResolvedSource source = new ResolvedSource.Http(
                server.url("/a.img")
                        .newBuilder()
                        .username("us er")
                        .password("p@ss")
                        .build()
                        .toString(),
                null);
        assertThat(http.probe(source)).isEqualTo(new SourceProbe(5L, V1, true, "a.img"));
        assertThat(server.takeRequest().getHeaders().get("Authorization")).isEqualTo("Basic dXMgZXI6cEBzcw==");
        RecordedRequest second = other.takeRequest();
        assertThat(second.getHeaders().get("Authorization")).isNull();
        assertThat(second.getHeaders().get("Range")).isEqualTo("bytes=0-0");
    }

    @Test
    void onTheSameHostTheyStay() throws Exception {
        give(answer(302).setHeader("Location", "/b.img"));
        give(piece("0-0/5", "x"));
        http.probe(new ResolvedSource.Http(
                server.url("/a.img")
                        .newBuilder()
                        .username("u")
                        .password("p")
                        .build()
                        .toString(),
                null));
        server.takeRequest();
        assertThat(server.takeRequest().getHeaders().get("Authorization")).isEqualTo("Basic dTpw");
    }

    @Test
    void credentialsInARedirectAreNotUsed() throws Exception {
        give(answer(302)
                .setHeader(
                        "Location",
                        other.url("/b.img").newBuilder().username("x").build().toString()));
        other.enqueue(answer(403).build());
        assertThat(refused(at("/a.img")).words())
                .startsWith(named("/a.img") + " (redirected to "
                        + other.url("/b.img").newBuilder().username("").build() + ") answered 403");
        assertThat(other.takeRequest().getHeaders().get("Authorization")).isNull();
    }

    @Test
    void notForEver() {
        for (int i = 0; i <= HttpExchange.MAX_REDIRECTS; i++) {
            give(answer(302).setHeader("Location", "/" + i));
        }
        assertThat(refused(at("/a.img")).words()).isEqualTo(named("/a.img") + " redirects more than 10 times");
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:///etc/passwd", "ftp://host/x", "gopher://x"})
    void onlyToTheWeb(String location) {
        give(answer(302).setHeader("Location", location));
        assertThat(refused(at("/a.img")).words()).contains("not with an http or https address to go to");
    }

    @Test
    void notWithoutAnAddress() {
        give(answer(302));
        assertThat(refused(at("/a.img")).words()).contains("not with an http or https address to go to");
    }

    @Test
    void notFromHttpsToHttp() {
        HeldCertificate certificate = serveTls();
        give(answer(302).setHeader("Location", other.url("/b.img").toString()));
        assertThat(refused(new ResolvedSource.Http(server.url("/a.img").toString(), certificate.certificatePem()))
                        .words())
                .contains("redirects from https to " + other.url("/b.img"));
        assertThat(other.getRequestCount()).isZero();
    }

    // ---- ranges

    @Test
    void aPieceOfTheVersionAskedFor() throws Exception {
        give(piece("10-14/100", "abcde"));
        assertThat(read(http.openRange(at("/a.img"), HUNDRED, 10, 5))).isEqualTo("abcde");
        RecordedRequest request = server.takeRequest();
        assertThat(request.getHeaders().get("Range")).isEqualTo("bytes=10-14");
        assertThat(request.getHeaders().get("If-Range")).isEqualTo("\"v1\"");
    }

    @Test
    void aShorterPieceIsAPieceToo() throws Exception {
        give(piece("10-11/100", "ab"));
        assertThat(read(http.openRange(at("/a.img"), HUNDRED, 10, 5))).isEqualTo("ab");
    }

    @Test
    void anythingElseIsAChange() {
        assertThat(changed(answer(200).body("whole")).words()).contains("another version");
        assertThat(changed(answer(412)).words()).contains("another version");
        assertThat(changed(answer(416).setHeader("Content-Range", "bytes */3")).words())
                .endsWith("has no bytes 10-14 any more");
        assertThat(changed(piece("10-14/100", "abcde").setHeader("ETag", "\"v2\""))
                        .words())
                .endsWith("is another version now: \"v2\" instead of \"v1\"");
        assertThat(changed(piece("10-14/100", "abcde").removeHeader("ETag")).words())
                .contains("without ETag");
        assertThat(changed(piece("10-14/99", "abcde")).words())
                .endsWith("holds 99 bytes now instead of 100, under the same ETag");
        assertThat(changed(piece("0-4/100", "abcde")).words()).endsWith("and gave 'bytes 0-4/100'");
        assertThat(changed(piece("10-20/100", "abcde")).words()).endsWith("and gave 'bytes 10-20/100'");
    }

    @Test
    void aPieceMayBeRefusedOrPutOff() {
        give(answer(404));
        assertThat(catchThrowableOfType(
                        SourceException.Refused.class, () -> http.openRange(at("/a.img"), HUNDRED, 0, 5)))
                .isNotNull();
        give(answer(503));
        assertThat(catchThrowableOfType(
                        SourceException.Unavailable.class, () -> http.openRange(at("/a.img"), HUNDRED, 0, 5)))
                .isNotNull();
    }

    @Test
    void aPieceNeedNotSayOfHowMuch() throws Exception {
        give(piece("10-14/*", "abcde"));
        assertThat(read(http.openRange(at("/a.img"), HUNDRED, 10, 5))).isEqualTo("abcde");
    }

    @Test
    void aBrokenPieceIsResumedFromTheVeryByte() throws Exception {
        give(piece("10-14/100", "abcde").onResponseBody(new SocketEffect.CloseSocket()));
        give(piece("12-14/100", "cde"));
        try (InputStream in = ResumingStream.open(http, at("/a.img"), HUNDRED, 10, 5)) {
            assertThat(read(in)).isEqualTo("abcde");
        }
        server.takeRequest();
        assertThat(server.takeRequest().getHeaders().get("Range")).isEqualTo("bytes=12-14");
    }

    // ---- streams

    @Test
    void aStreamTellsItsLength() throws Exception {
        give(answer(200).body("abcde"));
        try (SourceStream stream = http.openStream(at("/a.img"))) {
            assertThat(stream.lengthBytes()).isEqualTo(5);
            assertThat(read(stream.body())).isEqualTo("abcde");
        }
        assertThat(server.takeRequest().getHeaders().get("Range")).isNull();
    }

    @Test
    void aStreamThatEndsEarlySaysHowFarItCame() throws Exception {
        give(answer(200).body("abcdef").onResponseBody(new SocketEffect.CloseSocket()));
        try (SourceStream stream = http.openStream(at("/a.img"))) {
            SourceException.Unavailable failure = catchThrowableOfType(
                    SourceException.Unavailable.class, () -> stream.body().readAllBytes());
            assertThat(failure.words()).isEqualTo(named("/a.img") + ": the connection closed after 3 of 6 bytes");
            assertThat(failure.reason()).isEqualTo(FailureReason.SOURCE_TRUNCATED);
        }
    }

    @Test
    void aStreamThatHangsTimesOut() throws Exception {
        http = impatient();
        give(answer(200).body("abcdef").onResponseBody(SocketEffect.Stall.INSTANCE));
        try (SourceStream stream = http.openStream(at("/a.img"))) {
            SourceException.Unavailable failure = catchThrowableOfType(
                    SourceException.Unavailable.class, () -> stream.body().readAllBytes());
            assertThat(failure.words()).contains("timeout").endsWith("after 3 of 6 bytes");
        }
    }

    // ---- what is packed for the wire

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "x-gzip", "ZSTD", "identity, gzip", ""})
    void whatIsPackedLikeAFileIsTakenAsItIs(String encoding) throws Exception {
        give(answer(200).setHeader("Content-Encoding", encoding).body("not really"));
        assertThat(http.probe(at("/a.img.gz")).lengthBytes()).isEqualTo(10);
        give(answer(200).setHeader("Content-Encoding", encoding).body("not really"));
        try (SourceStream stream = http.openStream(at("/a.img.gz"))) {
            assertThat(read(stream.body())).isEqualTo("not really");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "deflate", "gzip, gzip", "aes128gcm"})
    void whatNobodyWouldUnpackIsRefused(String encoding) {
        String words = " packs the file for the wire (Content-Encoding: " + encoding + ") without being asked to";
        give(answer(200).setHeader("Content-Encoding", encoding).body("abc"));
        assertThat(refused(at("/a.img")).words()).isEqualTo(named("/a.img") + words);
        give(answer(200).setHeader("Content-Encoding", encoding).body("abc"));
        assertThat(catchThrowableOfType(SourceException.Refused.class, () -> http.openStream(at("/a.img")))
                        .words())
                .isEqualTo(named("/a.img") + words);
    }

    @Test
    void packedPiecesAreNotPutTogether() throws Exception {
        give(piece("0-0/100", "x").setHeader("Content-Encoding", "gzip"));
        assertThat(http.probe(at("/a.img")).ranges()).isFalse();
        assertThat(changed(piece("10-14/100", "abcde").setHeader("Content-Encoding", "gzip"))
                        .words())
                .endsWith("packs its pieces (gzip)");
    }

    // ---- proxies, slots

    @Test
    void proxiesAreAskedInstead() throws Exception {
        http = source(
                Dns.SYSTEM, new EnvironmentProxies("http://u:p@127.0.0.1:" + other.getPort(), null, "direct.example"));
        other.enqueue(
                answer(407).setHeader("Proxy-Authenticate", "Basic realm=x").build());
        other.enqueue(piece("0-0/5", "x").build());
        assertThat(http.probe(new ResolvedSource.Http("http://files.example/a.img", null))
                        .lengthBytes())
                .isEqualTo(5);
        assertThat(other.takeRequest().getRequestLine()).isEqualTo("GET http://files.example/a.img HTTP/1.1");
        assertThat(other.takeRequest().getHeaders().get("Proxy-Authorization")).isEqualTo("Basic dTpw");
    }

    @Test
    void connectionsAreGivenBack() throws Exception {
        for (int i = 0; i < 3 * HttpExchange.CONNECTIONS_PER_HOST; i++) {
            List<MockResponse.Builder> answers = List.of(
                    answer(200).body("abc"),
                    answer(404),
                    piece("0-0/9", "x"),
                    answer(302).setHeader("Location", "x:"));
            give(answers.get(i % answers.size()));
            try {
                http.probe(at("/a.img"));
            } catch (SourceException expected) {
                assertThat(expected).isInstanceOf(SourceException.Refused.class);
            }
        }
    }

    @Test
    void anInterruptIsNoTroubleOfTheSource() {
        give(answer(200).onResponseStart(SocketEffect.Stall.INSTANCE));
        Thread.currentThread().interrupt();
        assertThat(catchThrowableOfType(InterruptedException.class, () -> http.probe(at("/a.img"))))
                .isNotNull();
        assertThat(Thread.interrupted()).isFalse();
    }
}
