package io.virtualimage.disk.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.GuardedByteSource;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.NotAnImageException;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.iso.CraftedDisc;
import io.virtualimage.disk.iso.IsoFormat;
import io.virtualimage.disk.qcow2.CraftedQcow2;
import io.virtualimage.disk.qcow2.Qcow2Format;
import io.virtualimage.disk.vdi.CraftedVdi;
import io.virtualimage.disk.vpc.CraftedVpc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiskInspectorTest {
    private static final String S3_ERROR = "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>";

    @Test
    void qcow2() throws Exception {
        assertThat(DiskInspector.inspect(new CraftedQcow2().source()))
                .isEqualTo(new DiskInfo(DiskFormat.QCOW2, 1L << 30, false));
    }

    @ParameterizedTest
    @CsvSource({"1, 512", "511, 512", "512, 512", "513, 1024", "1048576, 1048576", "1048577, 1049088"})
    void rawIsRoundedUpToSectors(int lengthBytes, long virtualSizeBytes) throws Exception {
        assertThat(DiskInspector.inspect(new MemoryByteSource(new byte[lengthBytes])))
                .isEqualTo(new DiskInfo(DiskFormat.RAW, virtualSizeBytes, false));
    }

    @Test
    void iso() throws Exception {
        CraftedDisc disc = new CraftedDisc(100 * 2048 + 1, 2048).primary(100, 2048);
        assertThat(DiskInspector.inspect(disc.source()))
                .isEqualTo(new DiskInfo(DiskFormat.ISO, 100 * 2048 + 512, true));
    }

    @Test
    void hybridIsoIsIso() throws Exception {
        CraftedDisc disc = new CraftedDisc(100 * 2048, 2048).primary(100, 2048).bootable();
        assertThat(DiskInspector.inspect(disc.source()).format()).isEqualTo(DiskFormat.ISO);
    }

    @Test
    void udfIsIso() throws Exception {
        CraftedDisc disc =
                new CraftedDisc(100 * 2048, 2048).descriptor(0, "BEA01").descriptor(0, "NSR03");
        assertThat(DiskInspector.inspect(disc.source())).isEqualTo(new DiskInfo(DiskFormat.ISO, 100 * 2048, true));
    }

    @Test
    void vdi() throws Exception {
        assertThat(DiskInspector.inspect(new CraftedVdi().source()))
                .isEqualTo(new DiskInfo(DiskFormat.VDI, CraftedVdi.VIRTUAL_BYTES, false));
    }

    @Test
    void vpc() throws Exception {
        DiskInfo info = new DiskInfo(DiskFormat.VPC, CraftedVpc.VIRTUAL_BYTES, false);
        assertThat(DiskInspector.inspect(CraftedVpc.dynamic().source())).isEqualTo(info);
        assertThat(DiskInspector.inspect(CraftedVpc.fixed().source())).isEqualTo(info);
        assertThat(DiskInspector.inspect(CraftedVpc.fixed().old().source())).isEqualTo(info);
    }

    /** What stands at the start may be the guest's; but other readers go by it. */
    @Test
    void fixedVpcThatBeginsLikeSomethingElse() throws Exception {
        assertThat(DiskInspector.inspect(CraftedVpc.fixed().u32(510, 0x55aa0000).source())
                        .format())
                .isEqualTo(DiskFormat.VPC);
        assertThatThrownBy(() -> DiskInspector.inspect(
                        CraftedVpc.fixed().u32(0, Qcow2Format.MAGIC).source()))
                .hasMessageStartingWith("qcow2: ");
        assertThatThrownBy(() -> DiskInspector.inspect(
                        CraftedVpc.fixed().u32(64, 0x7f10dabe).source()))
                .hasMessageStartingWith("vdi: ");
        assertThatThrownBy(() -> DiskInspector.inspect(
                        CraftedVpc.fixed().u32(0, 0x4c554b53).u32(4, 0xbabe0000).source()))
                .hasMessageStartingWith("luks: ");
    }

    @Test
    void rawThatOnlyMentionsVpcIsRaw() throws Exception {
        for (int offset : new int[] {1, 8, 65_023, 65_026, 65_528}) {
            byte[] image = new byte[65_536];
            byte[] cookie = "conectix".getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(cookie, 0, image, offset, cookie.length);
            assertThat(DiskInspector.inspect(new MemoryByteSource(image)).format())
                    .isEqualTo(DiskFormat.RAW);
        }
    }

    /** As for QEMU, the magic number at the start decides; so there are no two readers who disagree. */
    @Test
    void qcow2WithADiscInsideIsQcow2() throws Exception {
        CraftedQcow2 image = new CraftedQcow2().text(IsoFormat.SYSTEM_AREA_BYTES + 1, "CD001");
        assertThat(DiskInspector.inspect(image.source()).format()).isEqualTo(DiskFormat.QCOW2);
    }

    @Test
    void empty() {
        assertThatThrownBy(() -> DiskInspector.inspect(new MemoryByteSource(new byte[0])))
                .isInstanceOf(NotAnImageException.class)
                .hasMessageContaining("empty");
    }

    @ParameterizedTest
    @CsvSource({
        "vmdk, 0, 4b444d5604000000, version 4",
        "vmdk, 0, 434f574402000000, version 2",
        "vmdk, 0, bebafeca000000000100000002000000, seSparse",
        "vmdk, 0, 23204469736b2044657363726970746f7246696c65, refer to other files",
        "qed, 0, 51454400, not supported yet",
        "parallels, 0, 576974686f7574467265655370616365, not supported yet",
        "parallels, 0, 576974686f7546726553706163457874, not supported yet",
        "dmg, 65024, 6b6f6c79, not supported yet",
        "luks, 0, 4c554b53babe, encrypted",
        "gzip, 0, 1f8b08, compressed",
        "xz, 0, fd377a585a00, compressed",
        "zstd, 0, 28b52ffd, compressed",
        "lz4, 0, 04224d18, compressed",
        "zstd or lz4, 0, 502a4d18ffff0000, a frame to be skipped",
        "zstd or lz4, 0, 5f2a4d18ffff0000, a frame to be skipped",
        "bzip2, 0, 425a6831314159265359, compressed",
        "bzip2, 0, 425a6839314159265359, compressed",
        "zip, 0, 504b0304, archive",
        "7z, 0, 377abcaf271c, archive",
        "rar, 0, 526172211a0700, archive",
        "tar, 257, 7573746172, archive",
        "qcow, 0, 514649fb00000001, not supported",
    })
    void knownButRefused(String name, int offset, String magic, String message) {
        byte[] image = new byte[65_536];
        byte[] found = HexFormat.of().parseHex(magic);
        System.arraycopy(found, 0, image, offset, found.length);
        assertThatThrownBy(() -> DiskInspector.inspect(new MemoryByteSource(image)))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageStartingWith(name + ": ")
                .hasMessageContaining(message);
    }

    @Test
    void almostBzip2IsRaw() throws Exception {
        byte[] image = Arrays.copyOf("BZh9".getBytes(StandardCharsets.US_ASCII), 512);
        assertThat(DiskInspector.inspect(new MemoryByteSource(image)).format()).isEqualTo(DiskFormat.RAW);
    }

    @Test
    void text() {
        assertText("hello", "looks like text: \"hello\"");
        assertText("\n\n  two\tlines\r\nhere ", "looks like text: \"two lines here\"");
        assertText("Не найдено", "looks like text: \"Не найдено\"");
        assertText("\uFEFFwith a mark", "looks like text: \"with a mark\"");
        assertText("x".repeat(100), "looks like text: \"" + "x".repeat(60) + "…\"");
        assertText(
                "<!DOCTYPE html>\n<html><head>\n<title>\n404 Not\nFound</title></head>",
                "looks like an HTML page: \"404 Not Found\"");
        assertText("<HTML><body>Gateway</body>", "looks like an HTML page: \"<HTML><body>Gateway</body>\"");
        assertText(S3_ERROR, "looks like an XML document: \"<?xml version=\"1.0\"?> <Error><Code>Access");
        assertText("{\"error\": 1}", "looks like a JSON document: \"{\"error\": 1}\"");
        assertText(" ", "looks like text: \"\"");
    }

    /** A character that the 64 KiB cut in two is no reason to take text for a disk. */
    @ParameterizedTest
    @ValueSource(strings = {"я", "€", "😀"})
    void textIsCutAnywhere(String character) {
        for (int shift = 0; shift < 4; shift++) {
            assertText("x".repeat(shift) + character.repeat(70_000), "looks like text");
        }
    }

    @Test
    void binaryIsNoText() throws Exception {
        for (byte[] bytes : new byte[][] {
            {'a', 'b', 0}, {'a', (byte) 0xff}, {'a', (byte) 0xd1}, {0x1b, '['}, {(byte) 0xc2, (byte) 0x85}
        }) {
            assertThat(DiskInspector.inspect(new MemoryByteSource(bytes)).format())
                    .isEqualTo(DiskFormat.RAW);
        }
        byte[] textThenZeros = Arrays.copyOf("#!/bin/sh\n".getBytes(StandardCharsets.US_ASCII), 1 << 20);
        assertThat(DiskInspector.inspect(new MemoryByteSource(textThenZeros)).format())
                .isEqualTo(DiskFormat.RAW);
    }

    @Test
    void textBehindWhichAnythingFollowsIsText() {
        byte[] bytes = Arrays.copyOf("y".repeat(65_536).getBytes(StandardCharsets.US_ASCII), 1 << 20);
        assertThatThrownBy(() -> DiskInspector.inspect(new MemoryByteSource(bytes)))
                .isInstanceOf(NotAnImageException.class);
    }

    @Test
    void readsOnlyHeadAndTail() throws Exception {
        long length = 1L << 40;
        byte[] qcow2 = new CraftedQcow2()
                .u32(Qcow2Format.CLUSTER_BITS_OFFSET, 21)
                .u64(Qcow2Format.L1_TABLE_OFFSET_OFFSET, length - (1 << 21))
                .u64(Qcow2Format.REFCOUNT_TABLE_OFFSET_OFFSET, 1L << 39)
                .u32(Qcow2Format.SNAPSHOT_COUNT_OFFSET, 9)
                .u64(Qcow2Format.SNAPSHOT_TABLE_OFFSET_OFFSET, 1L << 38)
                .extension(0x12345678, new byte[100_000])
                .bytes();
        assertThat(DiskInspector.inspect(guarded(length, qcow2, new byte[0])).format())
                .isEqualTo(DiskFormat.QCOW2);
        CraftedDisc disc = new CraftedDisc(1 << 20, 2048);
        for (int i = 0; i < 450; i++) {
            disc.primary(100, 2048);
        }
        assertThat(DiskInspector.inspect(guarded(length, disc.bytes(1 << 20), new byte[0]))
                        .format())
                .isEqualTo(DiskFormat.ISO);
        CraftedDisc largeSectors = new CraftedDisc(4 << 20, 4096);
        for (int i = 0; i < 900; i++) {
            largeSectors.descriptor(0, "BEA01");
        }
        assertThat(DiskInspector.inspect(guarded(length, largeSectors.bytes(4 << 20), new byte[0]))
                        .format())
                .isEqualTo(DiskFormat.RAW);
        assertThat(DiskInspector.inspect(guarded(length, new byte[0], new byte[0])))
                .isEqualTo(new DiskInfo(DiskFormat.RAW, length, false));
        byte[] footer = Arrays.copyOf("conectix".getBytes(StandardCharsets.US_ASCII), 512);
        assertThatThrownBy(() -> DiskInspector.inspect(guarded(length, new byte[0], footer)))
                .isInstanceOf(MalformedDiskException.class)
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo(length - 512 + 64);
        byte[] page = "z".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> DiskInspector.inspect(guarded(length, page, new byte[0])))
                .isInstanceOf(NotAnImageException.class);
    }

    @Test
    void theLargestRawDisk() throws Exception {
        assertThat(DiskInspector.inspect(guarded(Long.MAX_VALUE - 511, new byte[0], new byte[0]))
                        .virtualSizeBytes())
                .isEqualTo(Long.MAX_VALUE - 511);
        assertThatThrownBy(() -> DiskInspector.inspect(guarded(Long.MAX_VALUE - 510, new byte[0], new byte[0])))
                .isInstanceOf(DiskLimitException.class);
    }

    @Test
    void troubleWithTheSourceIsNoTroubleWithTheImage() {
        ByteSource broken = new ByteSource() {
            @Override
            public long lengthBytes() {
                return 1 << 20;
            }

            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                throw new IOException("unplugged");
            }
        };
        assertThatThrownBy(() -> DiskInspector.inspect(broken))
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("unplugged");
    }

    @Test
    void anyBytesAreAnAnswerOrARefusal() throws IOException {
        Random random = new Random(7);
        for (int round = 0; round < 2000; round++) {
            byte[] bytes = new byte[random.nextInt(1, 40_000)];
            random.nextBytes(bytes);
            if (round % 2 == 0 && bytes.length >= 4) {
                ByteBuffer.wrap(bytes).putInt(0, Qcow2Format.MAGIC);
            }
            try {
                DiskInspector.inspect(new MemoryByteSource(bytes));
            } catch (DiskException e) {
                assertThat(e.offset()).isBetween(0L, (long) bytes.length);
            }
        }
    }

    private static GuardedByteSource guarded(long lengthBytes, byte[] head, byte[] tail) {
        return new GuardedByteSource(lengthBytes, head, tail, DiskInspector.HEAD_BYTES, DiskInspector.TAIL_BYTES);
    }

    private static void assertText(String text, String message) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> DiskInspector.inspect(new MemoryByteSource(bytes)))
                .isInstanceOf(NotAnImageException.class)
                .hasMessageContaining(message);
    }
}
