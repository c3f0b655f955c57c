package io.virtualimage.fetcher.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.fetcher.upload.Refusal.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ClientBodyTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final byte[] buffer = new byte[64 * 1024];
    private long now;
    private boolean asked;

    /** So many bytes every so often, for ever. */
    private ClientBody every(Duration pause, int bytes) {
        return new ClientBody(
                () -> new InputStream() {
                    @Override
                    public int read(byte[] into, int offset, int length) {
                        now += pause.toNanos();
                        return bytes;
                    }

                    @Override
                    public int read() {
                        throw new AssertionError("read in blocks");
                    }
                },
                PATIENCE,
                () -> now);
    }

    private ClientBody of(String text) {
        return new ClientBody(
                () -> {
                    asked = true;
                    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
                },
                PATIENCE,
                () -> now);
    }

    @Test
    void aByteAMinuteIsTooSlow() throws Exception {
        ClientBody body = every(Duration.ofSeconds(59), 1);
        body.read(buffer, buffer.length);
        assertThatThrownBy(() -> body.read(buffer, buffer.length))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("only 2 bytes in 118 s");
    }

    @Test
    void aKibibyteASecondIsNot() throws Exception {
        ClientBody body = every(Duration.ofSeconds(1), 1024);
        for (int i = 0; i < 300; i++) {
            assertThat(body.read(buffer, buffer.length)).isEqualTo(1024);
        }
    }

    @Test
    void whatTheReplicaItselfTakesIsNoFaultOfTheClient() throws Exception {
        ClientBody body = every(Duration.ofMillis(1), 1024);
        for (int i = 0; i < 10; i++) {
            now += Duration.ofMinutes(5).toNanos();
            assertThat(body.read(buffer, buffer.length)).isEqualTo(1024);
        }
    }

    @Test
    void aByteThatWasWaitedForIsStillRead() throws Exception {
        ClientBody body = of("ab");
        assertThat(asked).isFalse();
        assertThat(body.begins()).isTrue();
        assertThat(body.begins()).isTrue();
        assertThat(body.read(buffer, 10)).isEqualTo(1);
        assertThat(body.read(buffer, 10)).isEqualTo(1);
        assertThat(buffer[0]).isEqualTo((byte) 'b');
        assertThat(body.read(buffer, 10)).isNegative();
        assertThat(of("").begins()).isFalse();
    }
}
