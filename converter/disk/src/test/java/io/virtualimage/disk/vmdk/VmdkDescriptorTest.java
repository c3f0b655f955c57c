package io.virtualimage.disk.vmdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VmdkDescriptorTest {
    private static final String REFUSED = "images that refer to other files are refused";
    private static final String EXTENT = "RW 80001 SPARSE \"disk.vmdk\"";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "parentCID=ffffffff | parentCID = \"FFFFFFFF\"",
                "version=1 | version=3",
                "# Disk DescriptorFile | ",
                "RW 80001 SPARSE | rdonly   80001\tsparse",
                "disk.vmdk | диск 1 (2024-01-01T10:00).vmdk",
                "ddb.adapterType = \"ide\" | ddb.comment = \"RW 1 FLAT = /etc/passwd # no\"",
                "ddb.adapterType = \"ide\" | changeTrackPath=\"disk-ctk.vmdk\"",
                "ddb.adapterType = \"ide\" | ddb.comment = \"\u0105\u0145\"",
                "ddb.adapterType = \"ide\" | encoding=\"windows-1252\"",
                "monolithicSparse | streamOptimized",
            })
    void accepted(String old, String words) throws Exception {
        assertThat(VmdkHeaderReader.read(new CraftedVmdk()
                        .replace(old, words == null ? "" : words)
                        .source()))
                .isNotNull();
    }

    @Test
    void lineEndsOfWindows() throws Exception {
        String text = CraftedVmdk.descriptorText(80_001, "monolithicSparse").replace("\n", "\r\n");
        assertThat(VmdkHeaderReader.read(new CraftedVmdk().descriptor(text).source()))
                .isNotNull();
    }

    @Test
    void withoutALastLineFeed() throws Exception {
        String text = CraftedVmdk.descriptorText(80_001, "monolithicSparse").strip();
        assertThat(VmdkHeaderReader.read(new CraftedVmdk().descriptor(text).source()))
                .isNotNull();
    }

    static Stream<Arguments> unsupported() {
        return Stream.of(
                arguments("version=1", "version=4", "is of version '4' at offset 0x216"),
                arguments("parentCID=ffffffff", "parentCID=12345678", "difference to the disk '12345678'"),
                arguments("parentCID=ffffffff", "parentCID=fffffffe", REFUSED),
                arguments("CID=12345678", "encryptionKeys=\"x\"", "encrypted images are not supported"),
                arguments("ddb.adapterType", "ddb.encryption.keyId", "encrypted"),
                arguments("ddb.adapterType = \"ide\"", "ddb.iofilters = \"VMwareVmCrypt\"", "encrypted"),
                arguments("monolithicSparse", "monolithicFlat", "of type 'monolithicFlat' at offset 0x240"),
                arguments("monolithicSparse", "twoGbMaxExtentSparse", REFUSED),
                arguments("monolithicSparse", "vmfs", REFUSED),
                arguments("monolithicSparse", "vmfsSparse", REFUSED),
                arguments("monolithicSparse", "seSparse", REFUSED),
                arguments("monolithicSparse", "fullDevice", REFUSED),
                arguments("monolithicSparse", "custom", REFUSED),
                arguments("monolithicSparse", "MONOLITHICSPARSE", REFUSED),
                arguments("RW 80001", "NOACCESS 80001", "forbids to read 'disk.vmdk'"),
                arguments(EXTENT, EXTENT + "\n" + EXTENT, "second extent 'disk.vmdk'"),
                arguments(EXTENT, EXTENT + "\nRW 1 ZERO", "second extent"),
                arguments("disk.vmdk", "/etc/passwd", "extent in '/etc/passwd'"),
                arguments("disk.vmdk", "\u0105/etc/passwd", REFUSED),
                arguments("disk.vmdk", "../disk.vmdk", REFUSED),
                arguments("disk.vmdk", "..\\disk.vmdk", REFUSED),
                arguments("disk.vmdk", "nbd:10.0.0.1:10809", REFUSED),
                arguments("disk.vmdk", "json:{}", REFUSED));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource
    void unsupported(String old, String words, String message) {
        assertThat(refusal(new CraftedVmdk().replace(old, words)))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageStartingWith("vmdk: ")
                .hasMessageContaining(message);
    }

    /** CVE-2022-47951: the extent is a file of the host, as it is. */
    @ParameterizedTest
    @ValueSource(strings = {"FLAT", "VMFS", "VMFSRDM", "VMFSRAW", "VMFSSPARSE", "SESPARSE", "ZERO", "PMEM"})
    void cve202247951(String type) {
        DiskException refusal =
                refusal(new CraftedVmdk().replace(EXTENT, "RW 80001 %s \"/etc/passwd\" 0".formatted(type)));
        assertThat(refusal)
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessage("vmdk: the descriptor has an extent of type '%s' in '/etc/passwd' at offset 0x274; %s"
                        .formatted(type, REFUSED));
        assertThat(refusal.offset()).isEqualTo(0x274);
    }

    /** Some programs search for the word, wherever it is. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "parentFileNameHint=\"/etc/passwd\"",
                "  PARENTfilenamehint = \"/etc/passwd\"",
                "# parentFileNameHint=\"/etc/passwd\"",
                "ddb.comment = \"parentFileNameHint=/etc/passwd\"",
                "RW 1 FLAT \"parentFileNameHint=/etc/passwd\"",
            })
    void parent(String line) {
        assertThat(refusal(new CraftedVmdk().replace("# Extent description", line)))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageMatching(
                        "vmdk: the descriptor names a parent disk '/etc/passwd' at offset 0x2[0-9a-f]{2}; " + REFUSED);
    }

    /** QEMU looks at 20 sectors whatever the header says. */
    @Test
    void parentBehindTheEndOfTheDescriptor() {
        String text = CraftedVmdk.descriptorText(80_001, "monolithicSparse");
        String hint = "#".repeat(512 - text.length()) + "\nparentFileNameHint=\"/etc/passwd\"";
        assertThat(refusal(new CraftedVmdk().descriptor(text + hint).u64(VmdkFormat.DESCRIPTOR_SIZE_OFFSET, 1)))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageContaining("parent disk '/etc/passwd'");
    }

    @Test
    void textBehindTheEndOfTheDescriptor() {
        String text = CraftedVmdk.descriptorText(80_001, "monolithicSparse");
        String more = "#".repeat(513 - text.length());
        DiskException refusal =
                refusal(new CraftedVmdk().descriptor(text + more).u64(VmdkFormat.DESCRIPTOR_SIZE_OFFSET, 1));
        assertThat(refusal).isInstanceOf(MalformedDiskException.class).hasMessageContaining("within the 512 bytes");
        assertThat(refusal.offset()).isEqualTo(1024);
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                arguments("version=1", "version=1\nversion=1", 0x220, "says twice 'version'"),
                arguments("createType", "createtype=\"monolithicSparse\"\ncreateType", 0x25e, "says twice"),
                arguments("parentCID=ffffffff", "parentCID=ffffffff\nPARENTCID=ffffffff", 0x240, "says twice"),
                arguments("createType=\"monolithicSparse\"", "", 0x200, "what type"),
                arguments("parentCID=ffffffff", "", 0x200, "has a parent"),
                arguments(EXTENT, "", 0x200, "has no extent"),
                arguments(EXTENT, "RW", 0x274, "extent that cannot be read 'RW'"),
                arguments(EXTENT, "RW 80001", 0x274, "cannot be read"),
                arguments(EXTENT, "RW 80001 SPARSE", 0x274, "cannot be read"),
                arguments(EXTENT, "RW 80001 SPARSE \"\"", 0x274, "cannot be read"),
                arguments(EXTENT, "RW 80001 SPARSE \"a", 0x274, "cannot be read"),
                arguments(EXTENT, "RW -1 SPARSE \"a\"", 0x274, "cannot be read"),
                arguments(EXTENT, "RW 9999999999999999999 SPARSE \"a\"", 0x274, "cannot be read"),
                arguments(EXTENT, "RW 80001 SPARSE \"a\" 0", 0x274, "cannot be read"),
                arguments(EXTENT, EXTENT + " garbage", 0x274, "cannot be read"),
                arguments("version=1", "version", 0x216, "says nothing 'version'"),
                arguments("version=1", "=1", 0x216, "says nothing"),
                arguments("version=1", "\"version\"=1", 0x216, "says nothing"),
                arguments("version=1", "a\u0007=1", 0x216, "control character in the line 'a?=1'"),
                arguments("version=1", "a=1\rversion=1", 0x216, "control character"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource
    void malformed(String old, String words, long offset, String message) {
        DiskException refusal = refusal(new CraftedVmdk().replace(old, words));
        assertThat(refusal)
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageStartingWith("vmdk: ")
                .hasMessageContaining(message);
        assertThat(refusal.offset()).isEqualTo(offset);
    }

    @Test
    void tooManyLines() {
        String text = CraftedVmdk.descriptorText(80_001, "monolithicSparse");
        assertThat(refusal(new CraftedVmdk().descriptor(text + "\n".repeat(1012))))
                .isInstanceOf(DiskLimitException.class)
                .hasMessageContaining("more than 1024 lines");
    }

    @Test
    void namesCannotForgeTheMessage() {
        assertThat(refusal(new CraftedVmdk().replace("disk.vmdk", "/\u202e" + "x".repeat(300))))
                .hasMessageMatching("vmdk: the descriptor has an extent in '/\\?x{198}…' at offset 0x274; " + REFUSED);
    }

    private static DiskException refusal(CraftedVmdk image) {
        return catchThrowableOfType(DiskException.class, () -> VmdkHeaderReader.read(image.source()));
    }
}
