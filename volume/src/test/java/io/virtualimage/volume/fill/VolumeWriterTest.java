package io.virtualimage.volume.fill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.virtualimage.volume.link.GoneException;
import io.virtualimage.volume.link.Patience;
import io.virtualimage.volume.link.ServiceLink;
import io.virtualimage.volume.link.VolumeException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeWriterTest {
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Patience PATIENCE = new Patience(SHORT, SHORT, Duration.ofMillis(50), Duration.ofMinutes(1));
    private static final int MIB = 1 << 20;

    /** Data, zeros, data, zeros and a little: 5 MiB and some sectors in ranges of 1 MiB. */
    private final byte[] disk = disk();

    @TempDir
    private Path folder;

    private FakePublisher publisher;

    private static byte[] disk() {
        byte[] disk = new byte[5 * MIB + 1536];
        byte[] data = new byte[MIB + 8192];
        new Random(5).nextBytes(data);
        System.arraycopy(data, 0, disk, 4096, data.length);
        System.arraycopy(data, 0, disk, 3 * MIB + 100 * 4096, 4096);
        disk[disk.length - 1] = 1;
        return disk;
    }

    @BeforeEach
    void startPublisher() throws IOException {
        publisher = FakePublisher.start(disk, MIB);
    }

    @AfterEach
    void stopPublisher() {
        publisher.close();
    }

    private void fill(Path volume) throws Exception {
        try (ServiceLink link = new ServiceLink(publisher.url(), PATIENCE)) {
            new VolumeWriter(link, 3, Duration.ofMillis(5)).fill(volume);
        }
    }

    private Path file() {
        return folder.resolve("disk.img");
    }

    @Test
    void aFileBecomesTheDiskWithHoles() throws Exception {
        fill(folder);
        assertThat(Files.readAllBytes(file())).isEqualTo(disk);
        assertThat(allocated(file())).isLessThanOrEqualTo(MIB + 8192 + 3 * 4096 + 8192);
        assertThat(publisher.done()).isEqualTo("0-5");
        assertThat(publisher.finished()).isTrue();
    }

    private static long allocated(Path file) throws Exception {
        Process du = new ProcessBuilder("du", "-B1", file.toString()).start();
        return Long.parseLong(
                new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).split("\\s+", -1)[0]);
    }

    @Test
    void whatIsDoneIsNotAskedForAgain() throws Exception {
        byte[] written = disk.clone();
        Arrays.fill(written, 4 * MIB, 5 * MIB, (byte) 0); // a range of zeros that is missing holds something
        written[4 * MIB + 5] = 9;
        Files.write(file(), written);
        publisher.alreadyDone("0-3,5");
        fill(folder);
        assertThat(Files.readAllBytes(file())).isEqualTo(disk);
        assertThat(publisher.asked()).isNotEmpty().allMatch(runs -> runs.endsWith("-" + 5 * MIB));
        assertThat(publisher.done()).isEqualTo("0-5");
    }

    @Test
    void aFileThatIsGoneIsWrittenFromTheBeginning() throws Exception {
        publisher.alreadyDone("0-3,5");
        fill(folder);
        assertThat(Files.readAllBytes(file())).isEqualTo(disk);
        assertThat(publisher.done()).isEqualTo("0-5");
    }

    @Test
    void aFileThatHasLostItsEndIsWrittenFromTheBeginning() throws Exception {
        Files.write(file(), Arrays.copyOf(disk, disk.length - 1));
        publisher.alreadyDone("0-3,5");
        fill(folder);
        assertThat(Files.readAllBytes(file())).isEqualTo(disk);
    }

    /** Else a Pod that is killed right after it made the file leaves one that the next takes for written. */
    @Test
    void thereIsNoNewFileBeforeThePublisherKnows() {
        publisher.alreadyDone("0-3,5");
        publisher.gone();
        assertThatExceptionOfType(GoneException.class).isThrownBy(() -> fill(folder));
        assertThat(file()).doesNotExist();
    }

    @Test
    void whatStoodOnTheVolumeBeforeIsGone() throws Exception {
        byte[] old = new byte[6 * MIB];
        Arrays.fill(old, (byte) 0x55);
        Files.write(file(), old);
        fill(folder);
        assertThat(Files.readAllBytes(file())).isEqualTo(disk);
    }

    @Test
    void aDeviceMayBeLargerAndHoldSomethingElse() throws Exception {
        Path device = folder.resolve("device");
        byte[] old = new byte[6 * MIB];
        Arrays.fill(old, (byte) 0x55);
        Files.write(device, old);
        fill(device);
        byte[] now = Files.readAllBytes(device);
        assertThat(Arrays.copyOf(now, disk.length)).isEqualTo(disk);
        assertThat(now).hasSize(6 * MIB);
    }

    @Test
    void aDeviceThatIsTooSmallIsRefused() throws Exception {
        Path device = folder.resolve("device");
        try (RandomAccessFile small = new RandomAccessFile(device.toFile(), "rw")) {
            small.setLength(5 * MIB);
        }
        assertThatExceptionOfType(VolumeException.class)
                .isThrownBy(() -> fill(device))
                .satisfies(failure -> assertThat(failure.exitCode()).isEqualTo(VolumeException.VOLUME))
                .withMessageContaining("the volume has %d bytes, and the disk %d", 5 * MIB, disk.length);
        assertThat(publisher.finished()).isFalse();
    }

    @Test
    void answersThatAreDamagedOrBreakOffAreAskedForAgain() throws Exception {
        publisher.damage(3);
        publisher.cut(3);
        fill(folder);
        assertThat(Files.readAllBytes(file())).isEqualTo(disk);
    }

    @Test
    void damageWithoutEndIsAFailure() {
        publisher.damage(1000);
        assertThatExceptionOfType(VolumeException.class)
                .isThrownBy(() -> fill(folder))
                .withMessageContaining("damaged or cut off 10 times");
        assertThat(publisher.finished()).isFalse();
    }

    @Test
    void whatIsNotWantedAnyMoreEnds() {
        publisher.gone();
        assertThatExceptionOfType(GoneException.class).isThrownBy(() -> fill(folder));
        assertThat(publisher.finished()).isFalse();
    }

    @Test
    void anAnswerThatWasLostAtTheEndIsNoFailure() throws Exception {
        publisher.goneWhenFinished();
        fill(folder);
        assertThat(publisher.finished()).isTrue();
    }
}
