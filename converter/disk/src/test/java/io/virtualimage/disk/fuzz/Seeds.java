package io.virtualimage.disk.fuzz;

import io.virtualimage.disk.Program;
import io.virtualimage.disk.sample.SampleImages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;

/** Small valid files to start from, made by the programs that such files come from in life. */
final class Seeds {
    /** Larger inputs only slow the engine down. */
    private static final int MAX_INPUT_BYTES = 64 << 10;

    private static final List<String> QCOW2_OPTIONS = List.of(
            "compat=0.10",
            "compat=1.1,cluster_size=512",
            "compat=1.1,cluster_size=64k,lazy_refcounts=on",
            "compat=1.1,cluster_size=16k,extended_l2=on",
            "compat=1.1,cluster_size=4k,refcount_bits=1,preallocation=metadata");

    private final Path folder;
    private int made;

    /** @param folder an empty one, for the files; who gave it removes it */
    Seeds(Path folder) {
        this.folder = folder;
    }

    /** Writes the inputs of a target into {@code inputs}. */
    void writeTo(Path inputs, FuzzTarget target) throws IOException {
        make(target);
        try (var files = Files.newDirectoryStream(folder, "seed-*")) {
            for (Path file : files) {
                byte[] input = target.subject().inputOf(file);
                if (input.length <= MAX_INPUT_BYTES) {
                    Files.write(inputs.resolve(file.getFileName()), input);
                }
            }
        }
    }

    private void make(FuzzTarget target) throws IOException {
        switch (target) {
            case QCOW2 -> {
                QCOW2_OPTIONS.forEach(options -> image("qcow2", options));
                packed("qcow2", "cluster_size=512,compression_type=zlib");
                packed("qcow2", "cluster_size=512,compression_type=zstd");
            }
            case VMDK -> {
                image("vmdk", "subformat=monolithicSparse");
                image("vmdk", "subformat=monolithicSparse,zeroed_grain=on");
                packed("vmdk", "subformat=streamOptimized");
            }
            case VHDX -> {
                image("vhdx", "subformat=dynamic,log_size=1M,block_size=1M");
                image("vhdx", "subformat=fixed,log_size=1M,block_size=1M");
            }
            case VDI -> {
                image("vdi", "static=off");
                image("vdi", "static=on");
            }
            case VPC -> {
                image("vpc", "subformat=dynamic");
                image("vpc", "subformat=fixed");
                image("vpc", "subformat=dynamic,force_size=on");
            }
            case ISO -> discs();
            case GZIP -> {
                packedBy("gzip", "gzip", "-1", 4096);
                packedBy("gzip", "gzip", "-9", 60_000);
                twice("gzip", "gzip", "-6");
            }
            case XZ, XZ_BLOCKS -> {
                packedBy("xz", "xz-utils", "--check=none", 4096);
                packedBy("xz", "xz-utils", "--check=crc32", 4096);
                packedBy("xz", "xz-utils", "--check=sha256", 60_000);
                packedBy("xz", "xz-utils", "--block-size=1KiB", 4096);
                twice("xz", "xz-utils", "-1");
            }
            case ZSTD, ZSTD_UNIT -> {
                packedBy("zstd", "zstd", "-1", 4096);
                packedBy("zstd", "zstd", "-9", 4096);
                packedBy("zstd", "zstd", "-19", 60_000);
                packedBy("zstd", "zstd", "--no-check", 4096);
                twice("zstd", "zstd", "-3");
            }
            case ZLIB_UNIT -> zlib();
            case INSPECT -> {
                image("qcow2", "cluster_size=512");
                text("<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>");
                text("{\"error\": \"no such image\"}");
                text("# Disk DescriptorFile\nversion=1\nCID=fffffffe\ncreateType=\"monolithicFlat\"\n");
            }
        }
    }

    private Path next() {
        return folder.resolve("seed-" + made++);
    }

    private void image(String format, String options) {
        Path image = next();
        Program.qemuImg("create", "-q", "-f", format, "-o", options, image, "1M");
        Program.qemuIo(format, image, List.of("write -P 17 0 64", "write -z 64k 64k", "write -P 18 300k 5k"));
    }

    /** Of clusters or grains that are compressed. */
    private void packed(String format, String options) throws IOException {
        Program.qemuImg("convert", "-c", "-f", "raw", "-O", format, "-o", options, raw(200_000), next());
    }

    /** A file that packs well, but not too well. */
    private Path raw(int lengthBytes) throws IOException {
        Path raw = folder.resolve("raw-" + lengthBytes);
        byte[] content = new byte[lengthBytes];
        for (int i = 0; i < lengthBytes / 60; i++) {
            content[i] = (byte) ((i * i) >> 7);
            content[lengthBytes / 2 + i] = (byte) (i / 9);
        }
        return Files.write(raw, content);
    }

    private void discs() throws IOException {
        SampleImages.writeIso(next(), 512, 1, "SEED");
        Path udf = next();
        Files.write(udf, new byte[1 << 20]);
        Program.run("mkudffs", "udftools", "--blocksize=2048", "--media-type=hd", udf);
    }

    /** Packs a file, which the program names itself. */
    private Path packedBy(String program, String debianPackage, String option, int lengthBytes) throws IOException {
        Path raw = raw(lengthBytes);
        List<Path> before = files();
        Program.run(program, debianPackage, "-q", "-k", "-f", option, raw);
        Path packed = files().stream()
                .filter(file -> !before.contains(file))
                .findFirst()
                .orElseThrow();
        return Files.move(packed, next());
    }

    /** Two streams, one behind the other. */
    private void twice(String program, String debianPackage, String option) throws IOException {
        byte[] once = Files.readAllBytes(packedBy(program, debianPackage, option, 4096));
        byte[] both = Arrays.copyOf(once, 2 * once.length);
        System.arraycopy(once, 0, both, once.length, once.length);
        Files.write(next(), both);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    private void zlib() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream output = new DeflaterOutputStream(packed)) {
            Files.copy(raw(4096), output);
        }
        Files.write(next(), packed.toByteArray());
    }

    private void text(String text) throws IOException {
        Files.write(next(), text.getBytes(StandardCharsets.UTF_8));
    }
}
