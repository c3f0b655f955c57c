package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okhttp3.Dns;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom an https source is believed to be. Servers and certificates are OpenSSL's; curl gives its own verdict on each. */
class HttpTrustTest {
    private static final String FILE = "disk.img";
    private static final String CONTENT = "the bytes of a disk";

    @TempDir
    static Path folder;

    private static Openssl openssl;
    private static HttpSource http;

    @BeforeAll
    static void certificates() throws Exception {
        openssl = new Openssl(folder);
        Files.writeString(folder.resolve(FILE), CONTENT);
        openssl.selfSigned("root", Openssl.AUTHORITY, 30);
        openssl.selfSigned("stranger", Openssl.AUTHORITY, 30);
        openssl.selfSigned("old-root", Openssl.AUTHORITY, -1);
        openssl.issue("middle", "root", Openssl.AUTHORITY, 30);
        openssl.issue("old-middle", "root", Openssl.AUTHORITY, -1);
        openssl.issue("direct", "root", Openssl.SERVER, 30);
        openssl.issue("good", "middle", Openssl.SERVER, 30);
        openssl.issue("expired", "root", Openssl.SERVER, -1);
        openssl.issue("of-old-root", "old-root", Openssl.SERVER, 30);
        openssl.issue("of-old-middle", "old-middle", Openssl.SERVER, 30);
        openssl.issue("elsewhere", "root", "subjectAltName=DNS:images.example,DNS:mirror.example\n", 30);
        openssl.issue("127.0.0.1", "root", "keyUsage=digitalSignature\n", 30);
        openssl.issue("a-client", "root", Openssl.SERVER + "extendedKeyUsage=clientAuth\n", 30);
        openssl.selfSigned("alone", Openssl.SERVER, 30);
        openssl.selfSigned("alone-expired", Openssl.SERVER, -1);
        http = new HttpSource(
                Dns.SYSTEM, EnvironmentProxies.NONE, Clock.systemUTC(), Duration.ofSeconds(10), Duration.ofSeconds(10));
    }

    @AfterAll
    static void stop() {
        http.close();
    }

    private static String[] names(String list) {
        return list == null ? new String[0] : list.split(" ", -1);
    }

    /** The bundle, what the server sends, and whether that makes it trusted. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            root                   | direct        |            | true
            root                   | good          | middle     | true
            root                   | good          |            | false
            root middle            | good          |            | true
            middle                 | good          |            | true
            stranger               | good          | middle     | false
            stranger old-root root | direct        |            | true
            stranger middle        | direct        |            | false
            root                   | expired       |            | false
            root old-root          | of-old-root   |            | false
            old-root               | of-old-root   |            | false
            root                   | of-old-middle | old-middle | false
            root old-middle        | of-old-middle |            | false
            root                   | elsewhere     |            | false
            root                   | a-client      |            | false
            alone                  | alone         |            | true
            root                   | alone         |            | false
            alone-expired          | alone-expired |            | false
            root alone-expired     | alone-expired |            | false
            """)
    void curlThinksTheSame(String bundle, String server, String chain, boolean trusted) throws Exception {
        String pem = openssl.pem(names(bundle));
        Path file = Files.writeString(folder.resolve("bundle.pem"), pem);
        try (Openssl.Server running = openssl.serve(server, names(chain))) {
            String url = running.url("127.0.0.1", FILE);
            assertThat(openssl.curlTrusts(url, file)).isEqualTo(trusted);
            ResolvedSource source = new ResolvedSource.Http(url, pem);
            if (trusted) {
                assertThat(read(source)).isEqualTo(CONTENT);
            } else {
                assertThat(catchThrowableOfType(SourceException.Refused.class, () -> http.probe(source)))
                        .isNotNull();
            }
        }
    }

    private static String read(ResolvedSource source) throws IOException, InterruptedException {
        try (SourceStream stream = http.openStream(source)) {
            return new String(stream.body().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String refusal(ResolvedSource source) {
        SourceException.Refused refused = catchThrowableOfType(SourceException.Refused.class, () -> http.probe(source));
        assertThat(refused.words()).startsWith(source.publicName()).contains(" can't be trusted: ");
        return refused.words();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            root     | good      | the bundle needs the root certificate, and intermediate ones that the server does not send
            stranger | direct    | issued neither by a well-known authority nor by one in dataSource.http.caBundle
                     | direct    | put its authority's certificate (PEM, then base64) into dataSource.http.caBundle
            root     | expired   | its TLS certificate, or one that vouches for it, has expired
            root     | elsewhere | its TLS certificate is for another host name: images.example, mirror.example
            root     | 127.0.0.1 | its TLS certificate names no host: it needs a subjectAltName (a common name is not enough)
            root     | a-client  | its TLS certificate is not in order: (certificate_unknown) Extended key usage does not permit
            """)
    void theWordsSayWhatToDo(String bundle, String server, String words) throws Exception {
        String pem = bundle == null ? null : openssl.pem(names(bundle));
        try (Openssl.Server running = openssl.serve(server)) {
            assertThat(refusal(new ResolvedSource.Http(running.url("127.0.0.1", FILE), pem)))
                    .contains(words);
        }
    }

    // ---- bundles

    private static String unusable(String pem) {
        return catchThrowableOfType(
                        SourceException.Refused.class,
                        () -> http.probe(new ResolvedSource.Http("https://127.0.0.1:1/a.img?token=s3cret", pem)))
                .words();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no certificate", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"})
    void aBundleWithoutCertificates(String pem) {
        assertThat(unusable(pem))
                .isEqualTo(
                        "dataSource.http.caBundle can't be used for https://127.0.0.1:1/a.img: it holds no certificate"
                                + " in PEM (nothing in it begins with -----BEGIN CERTIFICATE-----)");
    }

    @Test
    void aBrokenCertificateIsCounted() throws Exception {
        assertThat(unusable(openssl.pem("root") + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
                .startsWith("dataSource.http.caBundle can't be used for https://127.0.0.1:1/a.img: its certificate"
                        + " number 2 is broken: ");
        String pem = openssl.pem("root", "stranger");
        assertThat(unusable(pem.substring(0, pem.length() - 40))).endsWith(": of its 2 certificates only 1 are whole");
    }

    @Test
    void anOldBundleSaysSinceWhen() throws Exception {
        assertThat(unusable(openssl.pem("old-root"))).contains(": its certificate expired on 20");
        assertThat(unusable(openssl.pem("old-root", "alone-expired")))
                .contains(": its 2 certificates have expired, the last one on 20");
    }

    @Test
    void whatStandsBetweenCertificatesIsAComment() throws Exception {
        String pem = "# ours\r\n" + openssl.pem("stranger").replace("\n", "\r\n") + "subject=CN = root\n"
                + openssl.pem("root").stripTrailing();
        try (Openssl.Server running = openssl.serve("direct")) {
            assertThat(read(new ResolvedSource.Http(running.url("127.0.0.1", FILE), pem)))
                    .isEqualTo(CONTENT);
        }
    }

    // ---- what time mends

    @Test
    void aCertificateThatIsNotValidYetIsWaitedFor() throws Exception {
        long now = Instant.now().toEpochMilli();
        HeldCertificate early = new HeldCertificate.Builder()
                .addSubjectAlternativeName("127.0.0.1")
                .validityInterval(now + TimeUnit.HOURS.toMillis(1), now + TimeUnit.DAYS.toMillis(1))
                .signedBy(AUTHORITY)
                .build();
        try (MockWebServer server = new MockWebServer()) {
            server.useHttps(new HandshakeCertificates.Builder()
                    .heldCertificate(early)
                    .build()
                    .sslSocketFactory());
            server.start();
            String url = "https://127.0.0.1:" + server.getPort() + "/a.img";
            SourceException.Unavailable failure = catchThrowableOfType(
                    SourceException.Unavailable.class,
                    () -> http.probe(new ResolvedSource.Http(url, AUTHORITY.certificatePem())));
            assertThat(failure.words()).isEqualTo(url + " can't be reached: its TLS certificate is not valid yet");
        }
    }

    private static final HeldCertificate AUTHORITY =
            new HeldCertificate.Builder().certificateAuthority(0).build();

    @Test
    void aRedirectIsCheckedLikeTheFirstAddress() throws Exception {
        HeldCertificate first = new HeldCertificate.Builder()
                .addSubjectAlternativeName("127.0.0.1")
                .signedBy(AUTHORITY)
                .build();
        try (MockWebServer server = new MockWebServer();
                Openssl.Server other = openssl.serve("direct")) {
            server.useHttps(new HandshakeCertificates.Builder()
                    .heldCertificate(first)
                    .build()
                    .sslSocketFactory());
            server.start();
            server.enqueue(new MockResponse.Builder()
                    .code(302)
                    .setHeader("Location", other.url("127.0.0.1", FILE))
                    .build());
            String url = "https://127.0.0.1:" + server.getPort() + "/a.img";
            assertThat(refusal(new ResolvedSource.Http(url, AUTHORITY.certificatePem())))
                    .startsWith(url + " (redirected to " + other.url("127.0.0.1", FILE) + ") can't be trusted: ");
        }
    }
}
