package io.virtualimage.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FixedDisk;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.UnreadSource;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.recipe.PartStore;
import io.virtualimage.disk.recipe.RecipeWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory does not grow with the disk: shown by a process that has too little to keep what it is told, some 30 MB. */
class Qcow2WriterMemoryTest {
    private static final long CLUSTER = 65_536;

    @TempDir
    Path directory;

    @Test
    void twoMillionUnitsInTwentyMegabytes() throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx20m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Qcow2WriterMemoryTest.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(output, StandardCharsets.UTF_8).strip())
                // 2,097,152 clusters of data, 512 L2 tables, 65 refcount blocks, 3 others
                .startsWith("RecipeSummary[lengthBytes=%d,".formatted((2_097_152 + 512 + 65 + 3) * CLUSTER));
    }

    /** 256 GiB, every other cluster of which is compressed. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] arguments) throws Exception {
        long size = 256L << 30;
        VirtualDisk disk = new FixedDisk(size, new UnreadSource(size)) {
            @Override
            public Extent extentAt(long offset) {
                long cluster = offset / CLUSTER;
                if (cluster % 2 == 0) {
                    return new Extent.Zero(offset, CLUSTER, false);
                }
                // In no order, so that neither units nor pieces are small.
                long at = Long.reverse(cluster) >>> 24;
                PackedUnit unit = new PackedUnit(PackedUnit.Codec.ZLIB, at, 40_000, (int) CLUSTER);
                return new Extent.Packed(offset, CLUSTER, unit, 0);
            }
        };
        RecipeWriter recipe = new RecipeWriter(new Nowhere(), Qcow2Writer.HEAD_BYTES);
        System.out.println(
                recipe.finish(Qcow2Writer.write(disk, recipe, Long.MAX_VALUE).head()));
    }

    private static final class Nowhere implements PartStore {
        @Override
        public void put(String name, byte[] document) {}

        @Override
        public Optional<byte[]> get(String name) {
            return Optional.empty();
        }
    }
}
