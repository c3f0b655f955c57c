package io.virtualimage.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.content.DiskContent;
import io.virtualimage.disk.inspect.DiskInspector;
import io.virtualimage.disk.raw.RawDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
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
    @ParameterizedTest
    @ValueSource(strings = {JSON_NAME, "nbd:unix:/run/secret.sock", "fat:rw:/etc", "ssh://root@10.0.0.1/etc/shadow"})
    void cve20244467DataFileThatIsNoFile(String name) {
        assertThat(refusal(withDataFile(name)))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageContaining("external data file '%s", name.substring(0, Math.min(100, name.length())));
        // Nor as a backing file, nor in version 2, which knows extensions but no feature bit.
        assertThat(refusal(withBackingFile(name))).hasMessageContaining("backing file '%s'", name);
        assertThat(refusal(new CraftedQcow2().version2().extension(Qcow2Format.EXTENSION_DATA_FILE, name)))
                .hasMessageContaining("external data file '");
    }

    /**
     * CVE-2026-24708: a guest writes a qcow2 header to the start of its raw disk, and the next program believes it. Seen
     * as what it looks like now, it is refused; said to be raw, it is raw.
     */
    @Test
    void cve202624708HeaderOnARawDisk() throws Exception {
        byte[] disk = withBackingFile("/dev/sda").length(1 << 20).bytes();
        assertThat(refusal(new MemoryByteSource(disk))).hasMessageContaining("backing file '/dev/sda'");
        RawDisk raw = RawDisk.open(new MemoryByteSource(disk), DiskFormat.RAW);
        assertThat(raw.extentAt(0)).isEqualTo(new Extent.Data(0, 1 << 20, 0));
    }

    /** The same one level down: what a guest wrote to its qcow2 disk is content, whatever it looks like. */
    @Test
    void cve202624708HeaderOnAQcow2Disk() throws Exception {
        byte[] inner =
                withBackingFile("/dev/sda").length(CraftedQcow2.CLUSTER_BYTES).bytes();
        CraftedQcow2 image = new CraftedQcow2().table().clusters(6);
        image.l2(0, image.at(5)).put(image.at(5), inner);
        assertThat(firstBytes(image, inner.length)).isEqualTo(inner);
    }

    /** There is no way out of the file: an L2 table handed out as data is the attacker's own upload. */
    @Test
    void tableAsDataGivesTheFilesOwnBytes() throws Exception {
        CraftedQcow2 image = new CraftedQcow2().table();
        image.l2(0, image.at(4)).l2(1, image.at(2)).l1(1, image.at(4));
        byte[] file = image.bytes();
        assertThat(firstBytes(image, CraftedQcow2.CLUSTER_BYTES))
                .isEqualTo(Arrays.copyOfRange(file, 4 * CraftedQcow2.CLUSTER_BYTES, 5 * CraftedQcow2.CLUSTER_BYTES));
        // Both halves of the disk are told by that table, which is no reason to tell them for ever.
        assertThat(Extents.walk(image.open())).hasSize(6);
    }

    /** A few kilobytes that unpack to 64 MiB: no more than a cluster of them is unpacked. */
    @Test
    void compressedBomb() throws Exception {
        byte[] bomb = CraftedQcow2.deflate(new byte[64 << 20]);
        CraftedQcow2 image = new CraftedQcow2().table();
        image.length((int) image.at(5) + bomb.length)
                .put(image.at(5), bomb)
                .l2(0, CraftedQcow2.packed(image.at(5), 255))
                .l2(1, CraftedQcow2.packed(image.at(5), 255));
        assertThat(Extents.walk(image.open()).getFirst().lengthBytes()).isEqualTo(CraftedQcow2.CLUSTER_BYTES);
        assertThat(firstBytes(image, 2 * CraftedQcow2.CLUSTER_BYTES))
                .isEqualTo(new byte[2 * CraftedQcow2.CLUSTER_BYTES]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "00", "07", "ffffffffffffffff", "0300", "ed"})
    void compressedClusterWithoutSense(String stream) {
        CraftedQcow2 image = new CraftedQcow2().table();
        byte[] packed = Arrays.copyOf(HexFormat.of().parseHex(stream), 100);
        image.length((int) image.at(5) + 100).put(image.at(5), packed).l2(0, CraftedQcow2.packed(image.at(5), 255));
        assertThatThrownBy(() -> firstBytes(image, 512))
                .isInstanceOfSatisfying(
                        BadContentException.class,
                        e -> assertThat(e.reason()).isInstanceOf(MalformedDiskException.class));
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

    private static byte[] firstBytes(CraftedQcow2 image, int lengthBytes) throws IOException, DiskException {
        try (DiskContent content = new DiskContent(image.open())) {
            byte[] bytes = new byte[lengthBytes];
            content.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        }
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

    /** Both by itself and where the format is found out: nothing else is tried after a refusal. */
    private static DiskException refusal(ByteSource source) {
        DiskException refusal = catchThrowableOfType(DiskException.class, () -> Qcow2HeaderReader.read(source));
        DiskException found =
                catchThrowableOfType(DiskException.class, () -> DiskInspector.open(source, ReadLimits.DEFAULT));
        assertThat(found).hasSameClassAs(refusal).hasMessage(refusal.getMessage());
        return refusal;
    }
}
