package io.virtualimage.disk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.Program;
import io.virtualimage.disk.sample.SampleImages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code vdisk} refuses, how it says so, and what it leaves behind: nothing. */
class VdiskErrorTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private Path image;

    @BeforeEach
    void writeImage() throws IOException {
        image = directory.resolve("image.qcow2");
        SampleImages.writeQcow2(image, 16 * MIB, 8 * MIB, 1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | which command: info, map, convert or compare?",
                "resize x | there is no command 'resize'",
                "info | expected one image, got 0",
                "info a b | expected one image, got 2",
                "compare a | expected two images, got 1",
                "convert a | expected an image and the name of the new one, got 1",
                "info --verbose a | there is no option '--verbose' here",
                "info -x a | there is no option '-x' here",
                "info a --output | the option '--output' needs a value",
                "info --output=xml a | the output is 'human' or 'json', not 'xml'",
                "info -f a.out a | there is no format 'a.out'",
                "info -f raw -f raw a | the option '-f' is given twice",
                "convert -O vmdk a b | the new image can be 'raw' or 'qcow2', not 'vmdk'",
                "convert -m 0 a b | the number of threads is 1 to 16, not '0'",
                "convert -m 99999999999 a b | the number of threads is 1 to 16, not '99999999999'",
            })
    void wrongUsage(String arguments, String message) {
        Object[] all =
                Stream.of(arguments.split(" ", -1)).filter(a -> !a.isEmpty()).toArray();
        assertThat(Ran.vdisk(all)).isEqualTo(new Ran(2, "", "vdisk: " + message + "\nTry 'vdisk --help'.\n"));
    }

    @Test
    void help() {
        for (Object[] asked : new Object[][] {{"--help"}, {"-h"}, {"info", "--help"}, {"convert", "a", "--help"}}) {
            Ran ran = Ran.vdisk(asked);
            assertThat(ran.code()).isZero();
            assertThat(ran.out()).contains("vdisk info", "vdisk map", "vdisk convert", "vdisk compare");
            assertThat(ran.err()).isEmpty();
        }
        assertThat(Ran.vdisk("--version").out()).startsWith("vdisk ");
    }

    @Test
    void optionsMayStandAnywhere() {
        Ran expected = Ran.vdisk("info", "--output=json", image);
        assertThat(expected.code()).isZero();
        assertThat(Ran.vdisk("info", image, "--output", "json")).isEqualTo(expected);
        assertThat(Ran.vdisk("info", "-fqcow2", "--output=json", "--", image)).isEqualTo(expected);
    }

    @Test
    void whatCannotBeOpened() {
        Path none = directory.resolve("none");
        assertFailed(1, none + ": there is no such file", "info", none);
        assertFailed(1, none + ": there is no such file", "convert", none, directory.resolve("new"));
        assertFailed(2, none + ": there is no such file", "compare", image, none);
        assertFailed(2, none + ": there is no such file", "compare", none, image);
        assertFailed(1, directory + ": not a regular file", "map", directory);
        assertFailed(1, "/dev/zero: not a regular file", "info", "/dev/zero");
        assertOnlyTheImage();
    }

    @Test
    void namesThatAreNone() {
        Ran ran = Ran.vdisk("info", "a\0b");
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).startsWith("vdisk: no name of a file: ");
    }

    @Test
    void emptyFiles() throws IOException {
        Path empty = Files.createFile(directory.resolve("empty"));
        assertFailed(1, empty + ": raw: the file is empty", "info", empty);
        assertFailed(1, empty + ": raw: the file is empty", "info", "-f", "raw", empty);
        assertFailed(2, empty + ": raw: the file is empty", "compare", "-F", "raw", image, empty);
    }

    /** For whoever compares, 1 is an answer. */
    @Test
    void whatIsNotForeseen() {
        PrintStream broken = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8) {
            @Override
            public void println(String line) {
                throw new IllegalStateException("broken");
            }
        };
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream printed = new PrintStream(err, true, StandardCharsets.UTF_8);
        String name = image.toString();
        assertThat(VdiskMain.run(new String[] {"compare", name, name}, broken, printed))
                .isEqualTo(4);
        assertThat(VdiskMain.run(new String[] {"info", name}, broken, printed)).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("vdisk: unexpected: java.lang.IllegalStateException: broken\n".repeat(2));
    }

    /** The longest that file systems take. */
    @Test
    void longNames() {
        Path target = directory.resolve("n".repeat(255));
        assertThat(Ran.vdisk("convert", image, target)).isEqualTo(new Ran(0, "", ""));
        assertThat(target).exists();
    }

    @Test
    void whatIsNoImage() throws IOException {
        Path page = Files.writeString(directory.resolve("page"), "<html><title>Not found</title>");
        Ran ran = Ran.vdisk("info", page);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).startsWith("vdisk: " + page + ": raw: this is no disk image, it looks like an HTML page");
        assertThat(Ran.vdisk("info", "-f", "raw", page).code()).isZero();
    }

    @Test
    void anotherFormatThanTheOneGiven() throws IOException {
        assertFailed(1, image + ": qcow2: expected iso", "info", "-f", "iso", image);
        Path raw = directory.resolve("raw");
        SampleImages.writeRaw(raw, MIB, MIB, 1);
        assertFailed(1, raw + ": raw: expected qcow2", "info", "-f", "qcow2", raw);
        assertFailed(2, raw + ": raw: expected qcow2", "compare", "-F", "qcow2", image, raw);
        // Forced to raw, a qcow2 file is the disk itself.
        Path copy = directory.resolve("copy");
        assertThat(Ran.vdisk("convert", "-f", "raw", image, copy).code()).isZero();
        assertThat(copy).hasSameBinaryContentAs(image);
    }

    /** The map ends in the middle: nothing appears, and what had the name before stays. */
    @ParameterizedTest
    @CsvSource({"raw", "qcow2"})
    void imagesThatTurnOutBad(String format) throws IOException {
        spoilSecondHalf();
        Path target = directory.resolve("new");
        Ran ran = Ran.vdisk("convert", "-O", format, image, target);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).startsWith("vdisk: " + image + ": qcow2: ").contains("(at offset 0x");
        assertOnlyTheImage();

        Files.writeString(target, "old");
        assertThat(Ran.vdisk("convert", "-O", format, image, target).code()).isEqualTo(1);
        assertThat(target).hasContent("old");
        Files.delete(target);
        assertOnlyTheImage();

        assertThat(Ran.vdisk("map", image).code()).isEqualTo(1);
        assertThat(Ran.vdisk("compare", image, image).code()).isEqualTo(3);
    }

    /** Lets the L2 entries of the disk's last part point beyond the end of the file. */
    private void spoilSecondHalf() throws IOException {
        long table = Ran.vdisk("map", "--output=json", image).json().size();
        assertThat(table).isGreaterThan(2);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(40);
            long l1 = file.readLong();
            file.seek(l1);
            long l2 = file.readLong() & 0x00fffffffffffe00L;
            file.seek(l2 + 8L * (12 * MIB / 65536));
            for (int i = 0; i < 4 * MIB / 65536; i++) {
                file.writeLong(1L << 63 | 1L << 40);
            }
        }
    }

    @Test
    void theInputIsNeverOverwritten() throws IOException {
        byte[] before = Files.readAllBytes(image);
        Path hard = Files.createLink(directory.resolve("hard"), image);
        Path soft = Files.createSymbolicLink(directory.resolve("soft"), image);
        for (Path target : new Path[] {image, hard, soft}) {
            assertFailed(1, target + ": this is the input, which is never overwritten", "convert", image, target);
        }
        assertThat(image).hasBinaryContent(before);
    }

    @Test
    void placesThatCannotBeWrittenTo() {
        Path nowhere = directory.resolve("none/new");
        assertFailed(1, nowhere + ": there is no such file", "convert", image, nowhere);
        assertFailed(1, directory + ": not a regular file", "convert", image, directory);
        assertFailed(1, "/dev/null: not a regular file", "convert", image, "/dev/null");
        assertOnlyTheImage();
    }

    @Test
    void whatIsThereIsReplaced() throws IOException {
        Path real = Files.writeString(directory.resolve("real"), "old and longer than nothing");
        Path link = Files.createSymbolicLink(directory.resolve("link"), real);
        assertThat(Ran.vdisk("convert", image, link)).isEqualTo(new Ran(0, "", ""));
        assertThat(link).isSymbolicLink();
        Program.qemuImg("compare", "-f", "raw", "-F", "qcow2", real, image);
    }

    @Test
    void newFilesHaveUsualPermissions() throws IOException {
        Path usual = Files.createFile(directory.resolve("usual"));
        Path target = directory.resolve("new");
        assertThat(Ran.vdisk("convert", image, target).code()).isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
                .isEqualTo(PosixFilePermissions.toString(Files.getPosixFilePermissions(usual)));
    }

    private static void assertFailed(int code, String message, Object... arguments) {
        assertThat(Ran.vdisk(arguments)).isEqualTo(new Ran(code, "", "vdisk: " + message + "\n"));
    }

    private void assertOnlyTheImage() {
        assertThat(directory).isDirectoryNotContaining(file -> !file.equals(image));
    }
}
