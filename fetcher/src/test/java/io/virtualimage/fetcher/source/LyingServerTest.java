package io.virtualimage.fetcher.source;

import static io.virtualimage.fetcher.source.RawServer.drips;
import static io.virtualimage.fetcher.source.RawServer.says;
import static io.virtualimage.fetcher.source.RawServer.saysAndResets;
import static io.virtualimage.fetcher.source.RawServer.saysAndSleeps;
import static io.virtualimage.fetcher.source.RawServer.saysAndStays;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import okhttp3.Dns;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that break the protocol, byte for byte: what they say, and what is made of it. */
class LyingServerTest {
    private static final SourceVersion TEN = new SourceVersion(new Validator(Validator.Kind.ETAG, "\"v1\""), 10);
    private static final String OK = "HTTP/1.1 200 OK\r\n";

    private HttpSource http = waiting(Duration.ofSeconds(30));

    private static HttpSource waiting(Duration readTimeout) {
        return new HttpSource(
                Dns.SYSTEM, EnvironmentProxies.NONE, Clock.systemUTC(), Duration.ofSeconds(30), readTimeout);
    }

    /** For servers that fall asleep. */
    private void impatient() {
        http.close();
        http = waiting(Duration.ofMillis(400));
    }

    @AfterEach
    void stop() {
        http.close();
    }

    private static ResolvedSource at(RawServer server) {
        return new ResolvedSource.Http(server.url("/a.img"), null);
    }

    private static String piece(int first, int last, String body) {
        return "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes " + first + "-" + last
                + "/10\r\nContent-Length: " + (last - first + 1) + "\r\n\r\n" + body;
    }

    private String stream(RawServer server) throws Exception {
        try (SourceStream stream = http.openStream(at(server))) {
            return new String(stream.body().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private SourceException.Unavailable broken(RawServer server) {
        return catchThrowableOfType(SourceException.Unavailable.class, () -> stream(server));
    }

    private String pieceOf(RawServer server) throws IOException, InterruptedException {
        try (InputStream in = ResumingStream.open(http, at(server), TEN, 0, 10)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    // ---- lengths

    @Test
    void fewerBytesThanPromised() throws Exception {
        try (RawServer server = new RawServer(says(OK + "Content-Length: 10\r\n\r\n01234"))) {
            SourceException.Unavailable failure = broken(server);
            assertThat(failure.words()).endsWith("/a.img: the connection closed after 5 of 10 bytes");
            assertThat(failure.reason()).isEqualTo(FailureReason.SOURCE_TRUNCATED);
        }
    }

    /** The message ends where its length says (RFC 9112, section 6.3); what follows must not pass for the next answer. */
    @Test
    void moreBytesThanPromised() throws Exception {
        String more = OK + "Content-Length: 5\r\n\r\n0123456789";
        try (RawServer server = new RawServer(saysAndStays(more), saysAndStays(more), saysAndStays(more))) {
            assertThat(stream(server)).isEqualTo("01234");
            for (int i = 0; i < 2; i++) {
                try {
                    assertThat(stream(server)).isEqualTo("01234");
                } catch (SourceException.Unavailable e) {
                    assertThat(e.words()).contains("can't be reached: not HTTP: ");
                }
            }
        }
    }

    @Test
    void aLengthThatIsNone() throws Exception {
        try (RawServer server = new RawServer(says(OK + "Content-Length: many\r\n\r\n0123456789"))) {
            try (SourceStream stream = http.openStream(at(server))) {
                assertThat(stream.lengthBytes()).isNull();
                assertThat(stream.body().readAllBytes()).hasSize(10);
            }
        }
    }

    @Test
    void noLengthAndAnEnd() throws Exception {
        try (RawServer server = new RawServer(says("HTTP/1.0 200 OK\r\n\r\n0123456789"))) {
            assertThat(stream(server)).isEqualTo("0123456789");
        }
    }

    @Test
    void chunksThatEndEarly() throws Exception {
        String chunks = OK + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n";
        try (RawServer server = new RawServer(
                saysAndStays(chunks + "0\r\n\r\n"), says(chunks), says(chunks + "5\r\n56"), says(chunks + "zz\r\n"))) {
            assertThat(stream(server)).isEqualTo("01234");
            assertThat(broken(server).words()).endsWith("/a.img: the connection closed after 5 bytes");
            assertThat(broken(server).reason()).isEqualTo(FailureReason.SOURCE_TRUNCATED);
            assertThat(broken(server).words()).contains("/a.img: not HTTP: ").endsWith(" after 5 bytes");
        }
    }

    @Test
    void chunksGoBeforeALength() throws Exception {
        try (RawServer server = new RawServer(
                saysAndStays(OK + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n0\r\n\r\n"))) {
            try (SourceStream stream = http.openStream(at(server))) {
                assertThat(stream.body().readAllBytes()).hasSize(5);
                assertThat(stream.lengthBytes()).isNull();
            }
        }
    }

    // ---- connections

    @ParameterizedTest
    @ValueSource(strings = {"SSH-2.0-OpenSSH_9.2\r\n", "<html>\r\n", "HTTP/1.1 abc\r\n\r\n"})
    void whatIsNotHttp(String text) throws Exception {
        try (RawServer server = new RawServer(says(text))) {
            assertThat(broken(server).words()).contains("/a.img can't be reached: not HTTP: ");
        }
    }

    @Test
    void noAnswerAtAll() throws Exception {
        try (RawServer server = new RawServer(says(""), saysAndResets(""), saysAndSleeps("HTTP/1.1 2"))) {
            assertThat(broken(server).words()).endsWith("/a.img can't be reached: the connection closed");
            assertThat(broken(server).words()).contains("/a.img can't be reached: ");
            impatient();
            assertThat(broken(server).words()).contains("/a.img can't be reached: timeout (");
        }
    }

    @Test
    void aHeaderThatDripsIsNotWaitedForToItsEnd() throws Exception {
        impatient();
        try (RawServer server = new RawServer(drips(OK + "X: " + "y".repeat(100_000), 50))) {
            assertThat(broken(server).words()).endsWith("/a.img can't be reached: timeout (no whole answer in 1 s)");
        }
    }

    @Test
    void aBodyThatDripsIsLeft() throws Exception {
        impatient();
        try (RawServer server = new RawServer(drips(OK + "Content-Length: 100000\r\n\r\n" + "y".repeat(100_000), 5))) {
            SourceException.Unavailable failure = broken(server);
            assertThat(failure.words())
                    .matches(".*/a.img: timeout \\(only [0-9]+ bytes in [0-9]+ s\\) after [0-9]+ of 100000 bytes");
            assertThat(failure.reason()).isEqualTo(FailureReason.SOURCE_UNAVAILABLE);
        }
    }

    // ---- pieces

    @Test
    void piecesGoOnFromWhereTheyWereCutOff() throws Exception {
        try (RawServer server = new RawServer(
                says(piece(0, 9, "012")),
                saysAndResets(piece(3, 9, "345")),
                says(piece(6, 9, "67")),
                says(piece(8, 9, "89")))) {
            assertThat(pieceOf(server)).isEqualTo("0123456789");
            assertThat(server.requests())
                    .extracting(request -> request.replaceAll("(?s).*\r\nRange: (.*?)\r\n.*", "$1"))
                    .containsExactly("bytes=0-9", "bytes=3-9", "bytes=6-9", "bytes=8-9");
        }
    }

    @Test
    void aPieceThatFallsAsleepGoesOn() throws Exception {
        impatient();
        try (RawServer server = new RawServer(saysAndSleeps(piece(0, 9, "012345")), says(piece(6, 9, "6789")))) {
            assertThat(pieceOf(server)).isEqualTo("0123456789");
        }
    }

    @Test
    void aServerThatKeepsFallingAsleepIsLeft() throws Exception {
        impatient();
        try (RawServer server = new RawServer(
                saysAndSleeps(piece(0, 9, "0")),
                saysAndSleeps(piece(1, 9, "1")),
                saysAndSleeps(piece(2, 9, "2")),
                saysAndSleeps(piece(3, 9, "3")))) {
            SourceException.Unavailable failure =
                    catchThrowableOfType(SourceException.Unavailable.class, () -> pieceOf(server));
            assertThat(failure.words()).endsWith("the connection broke after 3 of 10 bytes (from byte 0 on)");
            assertThat(server.requests()).hasSize(1 + ResumingStream.MAX_STALLS);
        }
    }

    /** Bytes that belong to another place, or another file, are never put in. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            HTTP/1.1 200 OK              | "v1" | bytes 3-9/10 | is another version now
            HTTP/1.1 206 Partial Content | "v2" | bytes 3-9/10 | "v2" instead of "v1"
            HTTP/1.1 206 Partial Content | "v1" | bytes 0-9/10 | gave 'bytes 0-9/10'
            HTTP/1.1 206 Partial Content | "v1" | bytes 3-9/11 | holds 11 bytes now instead of 10, under the same ETag
            HTTP/1.1 416 No              | "v1" | bytes */3    | has no bytes 3-9 any more
            """)
    void aPieceThatGoesOnAsSomethingElseEndsIt(String status, String tag, String range, String words) throws Exception {
        try (RawServer server = new RawServer(
                says(piece(0, 9, "012")),
                says(status + "\r\nETag: " + tag + "\r\nContent-Range: " + range
                        + "\r\nContent-Length: 7\r\n\r\nXXXXXXX"))) {
            assertThat(catchThrowableOfType(SourceException.Changed.class, () -> pieceOf(server))
                            .words())
                    .contains(words);
        }
    }
}
