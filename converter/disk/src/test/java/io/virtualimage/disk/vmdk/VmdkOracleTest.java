package io.virtualimage.disk.vmdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.DiskContent;
import io.virtualimage.disk.content.ExtentWalk;
import io.virtualimage.disk.inspect.DiskInspector;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** QEMU sees the same in an image, whether it wrote the image or not: size, what is where, and each byte. */
class VmdkOracleTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "subformat=monolithicSparse | 1",
                "subformat=monolithicSparse | 3000000",
                "subformat=monolithicSparse,zeroed_grain=on | 40000000",
                "subformat=monolithicSparse,adapter_type=lsilogic,compat6=on | 33554433",
                "subformat=monolithicSparse,adapter_type=buslogic,hwversion=10 | 33553920",
                "subformat=streamOptimized | 1",
                "subformat=streamOptimized | 3000000",
                "subformat=streamOptimized,adapter_type=legacyESX | 40000000",
                "subformat=streamOptimized,zeroed_grain=on,toolsversion=7 | 33554433",
            })
    void converted(String options, int lengthBytes) throws Exception {
        Path raw = Files.write(directory.resolve("disk.raw"), content(new Random(lengthBytes), lengthBytes));
        Path image = directory.resolve("disk.vmdk");
        Program.qemuImg("convert", "-f", "raw", "-O", "vmdk", "-o", options, raw, image);
        assertAgrees(image, image);
    }

    @ParameterizedTest
    @ValueSource(strings = {"monolithicSparse", "monolithicSparse,zeroed_grain=on"})
    void writtenAsAGuestDoes(String subformat) throws Exception {
        Path image = directory.resolve("disk.vmdk");
        int sectors = 200_001;
        Program.qemuImg(
                "create", "-q", "-f", "vmdk", "-o", "subformat=" + subformat, image, Long.toString(sectors * 512L));
        for (int seed = 0; seed < 3; seed++) {
            Random random = new Random(seed);
            List<String> commands = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                int at = random.nextInt(sectors - 1);
                int count = random.nextInt(1, Math.min(sectors - at, random.nextBoolean() ? 9 : 700) + 1);
                String command = random.nextInt(3) == 0 && subformat.contains("zeroed")
                        ? "write -z %d %d".formatted(at / 128 * 65_536L, 65_536L)
                        : "write -P %d %d %d".formatted(random.nextInt(1, 256), at * 512L, count * 512L);
                commands.add(command);
            }
            Program.qemuIo("vmdk", image, commands);
            assertAgrees(image, image);
        }
    }

    /** QEMU itself puts the directory in front always; and grains of 64 KiB are all it makes. */
    @ParameterizedTest
    @CsvSource({"8, 512, 800", "16, 256, 300", "128, 512, 520", "128, 128, 200", "1024, 512, 20", "4096, 512, 12"})
    void craftedGrains(int grainSectors, int tableEntries, int grains) throws Exception {
        for (boolean compressed : new boolean[] {false, true}) {
            CraftedVmdk crafted = new CraftedVmdk(grains * grainSectors - 3, grainSectors, tableEntries)
                    .flag(VmdkFormat.ZEROED_GRAIN_FLAG)
                    .entry(7, VmdkFormat.ZEROED_GRAIN);
            if (compressed) {
                crafted.compressed();
            }
            Random random = new Random(grainSectors);
            for (int grain : new int[] {0, 5, 1, grains / 2, grains - 1}) {
                byte[] plain = content(random, grainSectors * 512);
                if (compressed) {
                    crafted.packedGrain(grain, plain);
                } else {
                    crafted.grain(grain, plain);
                }
            }
            assertAgrees(write(crafted));
            assertAgrees(write(crafted.streamed()));
        }
    }

    @Test
    void onlyThePrimaryDirectoryCounts() throws Exception {
        CraftedVmdk crafted = new CraftedVmdk().grain(3, content(new Random(3), 65_536));
        assertAgrees(write(crafted.u32(CraftedVmdk.REDUNDANT_DIRECTORY * 512, 0)));
        crafted.noFlag(VmdkFormat.REDUNDANT_FLAG).u64(VmdkFormat.REDUNDANT_DIRECTORY_OFFSET_OFFSET, -7);
        assertAgrees(write(crafted));
    }

    @Test
    void tablesThatAreNotThere() throws Exception {
        CraftedVmdk crafted = new CraftedVmdk().grain(600, content(new Random(3), 65_536));
        assertAgrees(write(crafted.u32(CraftedVmdk.DIRECTORY * 512, 0)));
    }

    @Test
    void afterAnUncleanShutdown() throws Exception {
        assertAgrees(write(
                new CraftedVmdk().grain(1, content(new Random(1), 65_536)).u8(VmdkFormat.UNCLEAN_SHUTDOWN_OFFSET, 1)));
    }

    /** QEMU opens these by a descriptor only, which we refuse; so that it may judge, it gets one. */
    @ParameterizedTest
    @CsvSource({"1, 9000", "8, 4100", "16, 6145", "128, 20", "2048, 12"})
    void esxSparse(int grainSectors, int grains) throws Exception {
        int capacity = (grains - 1) * grainSectors + 1;
        CraftedCowd crafted = new CraftedCowd(capacity, grainSectors);
        Random random = new Random(grainSectors);
        for (int grain : new int[] {grains - 1, 0, 9, 8, grains / 2}) {
            crafted.grain(grain, content(random, grainSectors * 512));
        }
        Path image = Files.write(directory.resolve("disk-sparse.vmdk"), crafted.bytes());
        Path descriptor = Files.writeString(
                directory.resolve("disk.vmdk"),
                CraftedVmdk.descriptorText(capacity, "vmfsSparse")
                        .replace("SPARSE \"disk.vmdk\"", "VMFSSPARSE \"disk-sparse.vmdk\""));
        assertAgrees(image, descriptor);
    }

    private Path write(CraftedVmdk crafted) throws Exception {
        return Files.write(directory.resolve("crafted.vmdk"), crafted.bytes());
    }

    private void assertAgrees(Path image) throws Exception {
        assertAgrees(image, image);
    }

    private void assertAgrees(Path image, Path forQemu) throws Exception {
        Path raw = directory.resolve("by-qemu.raw");
        Program.qemuImg("convert", "-f", "vmdk", "-O", "raw", forQemu, raw);
        try (FileByteSource source = FileByteSource.open(image);
                FileByteSource expected = FileByteSource.open(raw)) {
            VirtualDisk disk = DiskInspector.open(source, ReadLimits.DEFAULT);
            assertThat(disk.info().format()).isEqualTo(DiskFormat.VMDK);
            assertThat(disk.info().virtualSizeBytes()).isEqualTo(expected.lengthBytes());
            assertThat(ourMap(disk)).isEqualTo(qemuMap(forQemu));
            try (DiskContent content = new DiskContent(disk)) {
                for (long at = 0; at < expected.lengthBytes(); at += 4 << 20) {
                    int count = (int) Math.min(4 << 20, expected.lengthBytes() - at);
                    assertThat(content.read(at, count).mismatch(expected.read(at, count)))
                            .as("first difference from %d on", at)
                            .isEqualTo(-1);
                }
            }
        }
    }

    /** A run as QEMU tells it; an offset of -1 is none. */
    private record Run(long start, long end, boolean present, boolean zero, long offset) {
        @Nullable
        Run join(Run next) {
            boolean same = end == next.start && present == next.present && zero == next.zero;
            boolean follows = offset < 0 ? next.offset < 0 : next.offset == offset + end - start;
            return same && follows ? new Run(start, next.end, present, zero, offset) : null;
        }
    }

    private static List<Run> ourMap(VirtualDisk disk) throws Exception {
        List<Run> runs = new ArrayList<>();
        ExtentWalk walk = new ExtentWalk(disk);
        for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
            add(
                    runs,
                    switch (extent) {
                        case Extent.Zero zero -> new Run(zero.offset(), zero.end(), zero.allocated(), true, -1);
                        case Extent.Data data -> new Run(data.offset(), data.end(), true, false, data.sourceOffset());
                        case Extent.Packed packed -> new Run(packed.offset(), packed.end(), true, false, -1);
                    });
        }
        return runs;
    }

    private static List<Run> qemuMap(Path image) {
        List<Run> runs = new ArrayList<>();
        for (JsonNode run : Program.qemuImgMap("vmdk", image)) {
            long start = run.get("start").asLong();
            long offset = run.has("offset") ? run.get("offset").asLong() : -1;
            boolean zero = run.get("zero").asBoolean();
            add(
                    runs,
                    new Run(
                            start,
                            start + run.get("length").asLong(),
                            run.get("present").asBoolean(),
                            zero,
                            zero ? -1 : offset));
        }
        return runs;
    }

    private static void add(List<Run> runs, Run run) {
        Run joined = runs.isEmpty() ? null : runs.getLast().join(run);
        if (joined != null) {
            runs.removeLast();
        }
        runs.add(joined == null ? run : joined);
    }

    /** Runs of zeros, of one value, and of noise. */
    private static byte[] content(Random random, int lengthBytes) {
        ByteBuffer bytes = ByteBuffer.allocate(lengthBytes);
        while (bytes.hasRemaining()) {
            byte[] run = new byte[Math.min(random.nextInt(1, 300_000), bytes.remaining())];
            int kind = random.nextInt(3);
            if (kind == 0) {
                random.nextBytes(run);
            } else if (kind == 1) {
                Arrays.fill(run, (byte) random.nextInt());
            }
            bytes.put(run);
        }
        return bytes.array();
    }
}
