package io.virtualimage.disk.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The fuzzer starts from images that are taken, and gets behind checksums. */
class SeedsTest {
    @TempDir
    Path directory;

    private List<Path> seeds(FuzzTarget target) throws Exception {
        Path inputs = Files.createDirectory(directory.resolve("inputs"));
        new Seeds(Files.createDirectory(directory.resolve("files"))).writeTo(inputs, target);
        try (Stream<Path> files = Files.list(inputs)) {
            return files.toList();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = FuzzTarget.class,
            names = {"QCOW2", "VMDK", "VHDX", "VDI", "VPC", "ZLIB_UNIT"})
    void areTaken(FuzzTarget target) throws Exception {
        List<Path> seeds = seeds(target);
        assertThat(seeds).isNotEmpty();
        for (Path seed : seeds) {
            assertThat(target.run(Files.readAllBytes(seed))).as(seed.toString()).isEmpty();
        }
    }

    /** The form of an image is the image: QEMU sees the same disk in the file that it was made from. */
    @Test
    void standForTheirFiles() throws Exception {
        Path image = directory.resolve("image");
        Program.qemuImg("create", "-q", "-f", "qcow2", "-o", "cluster_size=512", image, "1M");
        Program.qemuIo("qcow2", image, List.of("write -P 7 0 100k", "write -P 8 700k 1"));
        byte[] input;
        try (FileByteSource source = FileByteSource.open(image)) {
            input = SparseImage.encode(source);
        }
        Path copy = directory.resolve("copy");
        FuzzTarget.QCOW2.subject().writeFile(input, copy);
        assertThat(Files.mismatch(image, copy)).isEqualTo(-1);
    }

    @ParameterizedTest
    @EnumSource(
            value = FuzzTarget.class,
            names = {"VHDX", "VPC"})
    void wrongChecksumsAreMadeRight(FuzzTarget target) throws Exception {
        byte[] input = Files.readAllBytes(seeds(target).getFirst());
        // The first letter of what wrote the image, or of the VHDX header's own GUIDs: covered by a checksum each.
        byte[] covered = (target == FuzzTarget.VPC ? "qemu" : "head").getBytes(StandardCharsets.US_ASCII);
        int distance = target == FuzzTarget.VPC ? 0 : 16;
        for (int i = 0; i < input.length - covered.length - distance; i++) {
            if (new String(input, i, covered.length, StandardCharsets.US_ASCII)
                    .equals(new String(covered, StandardCharsets.US_ASCII))) {
                input[i + distance] ^= 1;
            }
        }
        assertThat(target.run(input)).isEmpty();
        input[0] = SparseImage.CHECKSUMS_AS_THEY_ARE;
        assertThat(target.run(input)).containsAnyOf("checksum", "damaged");
    }
}
