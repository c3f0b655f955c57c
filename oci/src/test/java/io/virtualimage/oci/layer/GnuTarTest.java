package io.virtualimage.oci.layer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.Platform;
import io.virtualimage.oci.Tag;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives of GNU tar, in each of its formats. */
class GnuTarTest {

    private static final Tag TAG = new Tag("t");

    private final InMemoryRegistry registry = new InMemoryRegistry();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "v7, disk/x.img",
        "oldgnu, disk/x.img",
        "gnu, disk/x.img",
        "ustar, disk/x.img",
        "pax, disk/x.img",
        "pax, CYRILLIC",
        "gnu, CYRILLIC",
        "gnu, LONG",
        "oldgnu, LONG",
        "pax, LONG",
        "ustar, HALF",
    })
    void areRead(String format, String name) throws Exception {
        String path = switch (name) {
            case "LONG" -> "disk/" + ("d".repeat(60) + "/").repeat(2) + "n".repeat(60);
            case "HALF" -> "disk/" + "d".repeat(90) + "/" + "n".repeat(90);
            case "CYRILLIC" -> "disk/диск.img";
            default -> name;
        };
        write("etc/passwd", "root");
        if (name.equals("CYRILLIC")) {
            // By the shell, since Java can't name it in every locale.
            write("disk/x", "the disk");
            run("mv disk/x disk/$(printf '\\320\\264\\320\\270\\321\\201\\320\\272').img");
        } else {
            write(path, "the disk");
        }
        LayerFile file = find(tar("--format=" + format, "etc", "./disk"));
        assertThat(file.name()).isEqualTo(path);
        assertThat(Images.content(registry, file)).isEqualTo("the disk");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gnu", "pax", "ustar"})
    void haveHardLinks(String format) throws Exception {
        write("data/" + "n".repeat(95), "the disk");
        Files.createDirectories(directory.resolve("disk"));
        Files.createLink(directory.resolve("disk/x"), directory.resolve("data/" + "n".repeat(95)));
        LayerFile file = find(tar("--format=" + format, "data", "disk"));
        assertThat(file.name()).isEqualTo("disk/x");
        assertThat(Images.content(registry, file)).isEqualTo("the disk");
    }

    @ParameterizedTest
    @CsvSource({"gnu, 0", "pax, 0.0", "pax, 0.1", "pax, 1.0"})
    void mayHoldSparseFilesThatAreNotTheDisk(String format, String version) throws Exception {
        for (String name : List.of("a/sparse", "disk/sparse")) {
            Path file = directory.resolve(name);
            Files.createDirectories(file.getParent());
            try (FileChannel sparse = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                // More pieces than a header has room for.
                for (int i = 0; i < 60; i++) {
                    sparse.write(UTF_8.encode("data"), i * 65_536L);
                }
            }
        }
        write("disk/x", "the disk");
        List<String> options = new ArrayList<>(List.of("--format=" + format, "--sparse", "--hole-detection=raw"));
        if (format.equals("pax")) {
            options.add("--sparse-version=" + version);
        }
        options.addAll(List.of("a", "disk/x"));
        byte[] harmless = tar(options.toArray(String[]::new));
        assertThat(harmless.length).isLessThan(1 << 20);
        assertThat(Images.content(registry, find(harmless))).isEqualTo("the disk");
        options.set(options.size() - 1, "disk/sparse");
        assertThatThrownBy(() -> find(tar(options.toArray(String[]::new))))
                .isInstanceOf(UnsupportedLayerException.class)
                .hasMessageContaining("'disk/sparse' is stored as a sparse file");
    }

    @Test
    void mayHoldFilesBeyondEightGibibytes() throws Exception {
        Path huge = directory.resolve("disk/huge");
        write("disk/huge", "");
        long length = (8L << 30) + 5;
        try (FileChannel file = FileChannel.open(huge, StandardOpenOption.WRITE)) {
            file.write(UTF_8.encode("x"), length - 1);
        }
        for (String format : List.of("gnu", "pax")) {
            Path head = directory.resolve("head");
            run("tar --format=" + format + " -cf - disk/huge | head -c 4096 >" + head);
            TarReader reader = new TarReader(
                    Files.newInputStream(head),
                    Digest.sha256(new byte[0]),
                    new ScanBudget(ScanLimits.DEFAULTS),
                    OptionalLong.empty());
            assertThat(reader.next().orElseThrow().lengthBytes()).as(format).isEqualTo(length);
        }
    }

    @Test
    void mayBePackedWithZstd() throws Exception {
        write("disk/x", "the disk");
        byte[] packed = tar("--zstd", "disk");
        LayerDecompressor zstd = (in, compression) -> {
            assertThat(compression).isEqualTo(Compression.ZSTD);
            Path file = Files.createTempFile(directory, "layer", ".zst");
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            in.close();
            try {
                run("zstd -q -d " + file + " -o " + file + ".tar");
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return Files.newInputStream(Path.of(file + ".tar"));
        };
        Images.push(registry, TAG, List.of(Images.layer(registry, MediaTypes.OCI_LAYER_ZSTD, packed)));
        LayerFile file = new DiskFileFinder(zstd, ScanLimits.DEFAULTS)
                .find(registry, Images.REPOSITORY, TAG, Platform.LINUX_AMD64);
        assertThat(file.compression()).isEqualTo(Compression.ZSTD);
        assertThat(file.name()).isEqualTo("disk/x");
        assertThat(file.lengthBytes()).isEqualTo(8);
    }

    private LayerFile find(byte[] tar) throws Exception {
        Images.push(registry, TAG, List.of(Images.layer(registry, MediaTypes.OCI_LAYER, tar)));
        return new DiskFileFinder(Images.GZIP, ScanLimits.DEFAULTS)
                .find(registry, Images.REPOSITORY, TAG, Platform.LINUX_AMD64);
    }

    private void write(String path, String content) throws IOException {
        Files.createDirectories(directory.resolve(path).getParent());
        Files.writeString(directory.resolve(path), content);
    }

    private byte[] tar(String... arguments) throws IOException, InterruptedException {
        run("tar -cf out.tar " + String.join(" ", arguments));
        return Files.readAllBytes(directory.resolve("out.tar"));
    }

    private void run(String command) throws IOException, InterruptedException {
        Path said = Files.createTempFile("gnu-tar", ".out");
        try {
            Process process = new ProcessBuilder("sh", "-c", command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            if (!ended) {
                process.destroyForcibly();
            }
            assertThat(ended && process.exitValue() == 0)
                    .as("%s: %s", command, Files.readString(said))
                    .isTrue();
        } finally {
            Files.delete(said);
        }
    }
}
