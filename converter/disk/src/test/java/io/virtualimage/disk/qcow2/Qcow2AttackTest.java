package io.virtualimage.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.UnsupportedDiskException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that made others hand out a file of the host, or worse: each vulnerability by its number. */
class Qcow2AttackTest {
    private static final int NAME_OFFSET = 0x200;
    private static final String JSON_NAME =
            "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"/etc/shadow\"}}";

    @TempDir
    Path directory;

    /** CVE-2015-1851, and all that followed: the guest's disk continues in a file of the host. */
    @ParameterizedTest
    @ValueSource(strings = {"/etc/passwd", "nbd://10.0.0.1/secret", "json:{\"driver\":\"host_device\"}", "образ.raw"})
    void cve20151851BackingFile(String name) {
        for (int version : new int[] {2, 3}) {
            DiskException refusal = refusal(withBackingFile(name).u32(Qcow2Format.VERSION_OFFSET, version));
            assertThat(refusal)
                    .isInstanceOf(UnsupportedDiskException.class)
                    .hasMessage("qcow2: the image names a backing file '%s' at offset 0x200;"
                            .formatted(name)
                            .concat(" images that refer to other files are refused"));
            assertThat(refusal.offset()).isEqualTo(NAME_OFFSET);
        }
    }

    @Test
    void cve20151851BackingFileWhoseNameLiesOutsideTheHeader() {
        for (long offset : new long[] {1L << 17, 1L << 62, -1, 65_530, Long.MIN_VALUE}) {
            DiskException refusal = refusal(new CraftedQcow2()
                    .u64(Qcow2Format.BACKING_FILE_OFFSET_OFFSET, offset)
                    .u32(Qcow2Format.BACKING_FILE_LENGTH_OFFSET, 11));
            assertThat(refusal)
                    .isInstanceOf(UnsupportedDiskException.class)
                    .hasMessageContaining("backing file (its name cannot be read) at offset 0x%x", offset);
            assertThat(refusal.offset()).isEqualTo(Qcow2Format.BACKING_FILE_OFFSET_OFFSET);
        }
        for (long length : new long[] {1024, 0x7fffffffL, 0xffffffffL}) {
            assertThat(refusal(withBackingFile("x").u32(Qcow2Format.BACKING_FILE_LENGTH_OFFSET, length)))
                    .hasMessageContaining("its name cannot be read");
        }
    }

    /** A name of no length is still a backing file for some readers. */
    @Test
    void cve20151851BackingFileWithoutAName() {
        assertThat(refusal(withBackingFile(""))).hasMessageContaining("backing file '' at offset 0x200");
    }

    @Test
    void backingFileNameCannotForgeTheMessage() {
        assertThat(refusal(withBackingFile("a\u001b[2J\r\nReady\0\u202e" + "x".repeat(900))))
                .hasMessageMatching(
                        "qcow2: the image names a backing file 'a\\?\\[2J Ready\\?\\?x{187}…' at offset 0x200; .*");
    }

    /** CVE-2024-32498: all guest data come from a file of the host. */
    @Test
    void cve202432498ExternalDataFile() {
        DiskException refusal = refusal(withDataFile("/etc/passwd").u64(Qcow2Format.AUTOCLEAR_FEATURES_OFFSET, 2));
        assertThat(refusal)
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessage("qcow2: the image names an external data file '/etc/passwd' at offset 0x78;"
                        + " images that refer to other files are refused");
        assertThat(refusal.offset()).isEqualTo(0x78);
    }

    @Test
    void cve202432498BitWithoutAName() {
        assertThat(refusal(new CraftedQcow2().incompatible(Qcow2Format.EXTERNAL_DATA_FILE_BIT)))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageContaining("keeps its data in an external data file");
    }

    /** A name that waits for somebody to set the bit. */
    @Test
    void cve202432498NameWithoutTheBit() {
        assertThat(refusal(new CraftedQcow2().extension(Qcow2Format.EXTENSION_DATA_FILE, "/etc/passwd")))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageContaining("'/etc/passwd'");
    }

    @Test
    void cve202432498NameBehindOtherExtensions() {
        assertThat(refusal(new CraftedQcow2()
                        .extension(0x11111111, new byte[3])
                        .extension(Qcow2Format.EXTENSION_FEATURE_NAMES, new byte[96])
                        .extension(Qcow2Format.EXTENSION_DATA_FILE, "/etc/passwd")))
                .hasMessageContaining("'/etc/passwd'");
    }

    /** CVE-2024-4467: a data file in QEMU's JSON notation makes even {@code qemu-img info} open things. */
    @Test
    void cve20244467DataFileInJson() {
        assertThat(refusal(withDataFile(JSON_NAME)))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageContaining("external data file 'json:{\"driver\":\"qcow2\"");
    }

    /** CVE-2026-24708 and -2022-47951 need a file taken for raw whose content says otherwise: never guessed here. */
    @Test
    void qcow2InsideQcow2IsNotLookedAt() throws Exception {
        CraftedQcow2 image = new CraftedQcow2().length(5 * CraftedQcow2.CLUSTER_BYTES);
        image.u32(4 * CraftedQcow2.CLUSTER_BYTES, Qcow2Format.MAGIC);
        assertThat(Qcow2HeaderReader.read(image.source()).virtualSizeBytes()).isEqualTo(1L << 30);
    }

    @Test
    void backingFileByQemuImg() throws Exception {
        Path base = Files.write(directory.resolve("base.raw"), new byte[1 << 20]);
        Path image = directory.resolve("image.qcow2");
        Program.qemuImg("create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", image);
        assertThat(refusal(image)).hasMessageContaining("backing file '%s'", base);
        Program.qemuImg("rebase", "-u", "-b", "/etc/passwd", "-F", "raw", image);
        assertThat(refusal(image)).hasMessageContaining("backing file '/etc/passwd'");
        // Without a backing file it is an ordinary image again.
        Program.qemuImg("rebase", "-u", "-b", "", image);
        try (FileByteSource source = FileByteSource.open(image)) {
            assertThat(Qcow2HeaderReader.read(source).virtualSizeBytes()).isEqualTo(1 << 20);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "off"})
    void dataFileByQemuImg(String raw) throws Exception {
        Path image = directory.resolve("image.qcow2");
        Path data = directory.resolve("data.raw");
        Program.qemuImg(
                "create", "-q", "-f", "qcow2", "-o", "data_file=" + data + ",data_file_raw=" + raw, image, "1M");
        assertThat(refusal(image)).hasMessageContaining("external data file '%s'", data);
    }

    /** With AES, because LUKS measures the machine's speed first, and gives up when it is busy. */
    @Test
    void encryptionByQemuImg() throws Exception {
        Path image = directory.resolve("image.qcow2");
        Program.qemuImg(
                "create",
                "-q",
                "-f",
                "qcow2",
                "--object",
                "secret,id=key,data=unimportant",
                "-o",
                "encrypt.format=aes,encrypt.key-secret=key",
                image,
                "1M");
        assertThat(refusal(image)).isInstanceOf(UnsupportedDiskException.class).hasMessageContaining("encrypted");
    }

    private static CraftedQcow2 withBackingFile(String name) {
        return new CraftedQcow2()
                .u64(Qcow2Format.BACKING_FILE_OFFSET_OFFSET, NAME_OFFSET)
                .u32(Qcow2Format.BACKING_FILE_LENGTH_OFFSET, name.getBytes(StandardCharsets.UTF_8).length)
                .text(NAME_OFFSET, name);
    }

    private static CraftedQcow2 withDataFile(String name) {
        return new CraftedQcow2()
                .incompatible(Qcow2Format.EXTERNAL_DATA_FILE_BIT)
                .extension(Qcow2Format.EXTENSION_DATA_FILE, name);
    }

    private static DiskException refusal(CraftedQcow2 image) {
        return refusal(image.source());
    }

    private static DiskException refusal(Path image) throws Exception {
        try (FileByteSource source = FileByteSource.open(image)) {
            return refusal(source);
        }
    }

    private static DiskException refusal(ByteSource source) {
        return catchThrowableOfType(DiskException.class, () -> Qcow2HeaderReader.read(source));
    }
}
