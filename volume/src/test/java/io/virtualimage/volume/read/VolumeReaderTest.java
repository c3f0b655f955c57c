package io.virtualimage.volume.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.virtualimage.volume.link.GoneException;
import io.virtualimage.volume.link.Patience;
import io.virtualimage.volume.link.ServiceLink;
import io.virtualimage.volume.link.VolumeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeReaderTest {
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Patience PATIENCE = new Patience(SHORT, SHORT, Duration.ofMillis(50), Duration.ofMillis(50));

    @TempDir
    private Path folder;

    private FakeFetcher fetcher;

    @BeforeEach
    void startFetcher() throws IOException {
        fetcher = FakeFetcher.start();
    }

    @AfterEach
    void stopFetcher() {
        fetcher.close();
    }

    private void read(Path volume) throws Exception {
        try (ServiceLink link = new ServiceLink(fetcher.url(), PATIENCE)) {
            new VolumeReader(link, 3, Duration.ofMillis(5)).read(volume);
        }
    }

    /** 35 bytes: a segment of ones, one of zeros, one of twos, half a one of threes. */
    private byte[] disk() throws IOException {
        byte[] disk = new byte[35];
        Arrays.fill(disk, 0, 10, (byte) 1);
        Arrays.fill(disk, 20, 30, (byte) 2);
        Arrays.fill(disk, 30, 35, (byte) 3);
        Files.write(folder.resolve("disk.img"), disk);
        return disk;
    }

    @Test
    void sendsAllThatTheVolumeHoldsAndZerosAsAWord() throws Exception {
        byte[] disk = disk();

        read(folder);

        assertThat(fetcher.content()).isEqualTo(disk);
        assertThat(fetcher.requests("PUT"))
                .containsExactly("PUT segments/0", "PUT segments/2", "PUT segments/3", "PUT zeros/1");
        assertThat(fetcher.requests("POST")).anyMatch(line -> line.startsWith("POST heartbeat/"));
    }

    @Test
    void aDeviceIsTheDiskItself() throws Exception {
        byte[] disk = disk();

        read(folder.resolve("disk.img"));

        assertThat(fetcher.content()).isEqualTo(disk);
    }

    @Test
    void sendsOnlyWhatIsMissing() throws Exception {
        byte[] disk = disk();
        fetcher.staged(0, Arrays.copyOf(disk, 10));
        fetcher.staged(1, new byte[10]);

        read(folder);

        assertThat(fetcher.content()).isEqualTo(disk);
        assertThat(fetcher.requests("PUT")).containsExactly("PUT segments/2", "PUT segments/3");
    }

    @Test
    void asksAgainWhileTheServiceIsAway() throws Exception {
        byte[] disk = disk();
        fetcher.answer("later", 503, 404, 500, 429);

        read(folder);

        assertThat(fetcher.content()).isEqualTo(disk);
        assertThat(fetcher.requests("POST")).filteredOn("POST open/35"::equals).hasSize(5);
    }

    @Test
    void endsWhenItsWorkIsNotWantedAnyMore() throws Exception {
        disk();
        fetcher.answer("", 410);

        assertThatExceptionOfType(GoneException.class).isThrownBy(() -> read(folder));
    }

    @Test
    void saysWhatTheServiceRefusesItWith() throws Exception {
        disk();
        fetcher.answer("the volume is too long\nand more", 422);

        assertThatExceptionOfType(VolumeException.class)
                .isThrownBy(() -> read(folder))
                .satisfies(e -> assertThat(e.exitCode()).isEqualTo(VolumeException.VOLUME))
                .extracting(VolumeException::words)
                .isEqualTo("the volume is too long");
    }

    @Test
    void saysThatTheServiceWasAwayWithoutItsToken() throws Exception {
        disk();
        fetcher.close();

        assertThatExceptionOfType(VolumeException.class)
                .isThrownBy(() -> read(folder))
                .satisfies(e -> assertThat(e.exitCode()).isEqualTo(VolumeException.SERVICE_AWAY))
                .satisfies(e -> assertThat(e.words())
                        .startsWith("127.0.0.1:")
                        .contains("could not be reached")
                        .doesNotContain("token"));
    }

    @Test
    void saysThatTheVolumeHoldsNoDisk() {
        assertThatExceptionOfType(VolumeException.class)
                .isThrownBy(() -> read(folder))
                .extracting(VolumeException::words)
                .isEqualTo("the volume holds no disk.img");
    }

    @Test
    void saysThatTheVolumeCantBeRead() throws Exception {
        disk();
        try (VolumeFile volume = VolumeFile.open(folder)) {
            Files.write(folder.resolve("disk.img"), new byte[15]);
            assertThatExceptionOfType(VolumeException.class)
                    .isThrownBy(() -> volume.isZero(10, 10))
                    .extracting(VolumeException::words)
                    .isEqualTo("the volume can't be read: it ends at byte 15, and was 35 bytes long");
        }
    }
}
