package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every format, plain and packed, arrives as a disk that QEMU finds equal; what is damaged fails and says where. */
@ExtendWith(EndToEnd.class)
class FormatsIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(5);

    /** What is made by QEMU, from the same raw disk: a name, the format, options for {@code qemu-img convert}. */
    private static final List<List<String>> MADE_BY_QEMU = List.of(
            List.of("qcow2", "qcow2", "-o", "cluster_size=64k"),
            List.of("qcow2-packed", "qcow2", "-c", "-o", "compression_type=zlib"),
            List.of("qcow2-zstd", "qcow2", "-c", "-o", "compression_type=zstd"),
            List.of("vmdk", "vmdk", "-o", "subformat=monolithicSparse"),
            List.of("vmdk-stream", "vmdk", "-o", "subformat=streamOptimized"),
            List.of("vdi", "vdi"),
            List.of("vdi-static", "vdi", "-o", "static=on"),
            List.of("vpc", "vpc", "-o", "subformat=dynamic"),
            List.of("vpc-fixed", "vpc", "-o", "subformat=fixed"),
            List.of("vhdx", "vhdx", "-o", "subformat=dynamic,block_size=1M"));

    private final World world;

    FormatsIT(World world) {
        this.world = world;
    }

    /**
     * An image to be brought in.
     *
     * @param file what is served
     * @param plain the image in it, which is the file itself if nothing is packed
     * @param format as QEMU calls it; {@code iso} for a disc
     */
    private record Case(String name, Path file, Path plain, String format) {}

    @Test
    void everyFormatPlainAndPackedArrives() throws Exception {
        List<Case> cases = new ArrayList<>();
        for (Case plain : plainCases()) {
            cases.add(plain);
            cases.add(packed(plain, "gz", "gzip", "-1"));
            cases.add(packed(plain, "xz", "xz", "-0", "-T2", "--block-size=4MiB"));
            cases.add(packed(plain, "zst", "zstd", "-q", "-1"));
        }
        for (Case each : cases) {
            world.images()
                    .apply(
                            each.name(),
                            world.source().uri(each.file().getFileName().toString()),
                            null);
        }
        for (Case each : cases) {
            VirtualImage image = world.images().await(each.name(), Phase.READY, WITHIN);
            assertThatItArrived(each, Objects.requireNonNull(image.getStatus()));
        }
        System.out.println("[formats] " + cases.size() + " images arrived as QEMU sees them: "
                + String.join(", ", cases.stream().map(Case::name).toList()));
    }

    private List<Case> plainCases() throws Exception {
        Path raw = world.files().resolve("formats-raw.img");
        SampleImages.writeRaw(raw, 40 * MIB + 3 * 512, 9 * MIB, 77);
        List<Case> cases = new ArrayList<>();
        cases.add(new Case("format-raw", raw, raw, "raw"));
        for (List<String> made : MADE_BY_QEMU) {
            Path file = world.files().resolve("formats-" + made.get(0) + ".img");
            List<String> command = new ArrayList<>(List.of("qemu-img", "convert", "-f", "raw", "-O", made.get(1)));
            command.addAll(made.subList(2, made.size()));
            command.addAll(List.of(raw.toString(), file.toString()));
            run(command.toArray(String[]::new));
            cases.add(new Case("format-" + made.get(0), file, file, made.get(1)));
        }
        Path iso = world.files().resolve("formats-iso.img");
        SampleImages.writeIso(iso, 9 * MIB, 78, "FORMATS");
        cases.add(new Case("format-iso", iso, iso, "iso"));
        Path udf = world.files().resolve("formats-udf.img");
        run("mkudffs", "--new-file", "--blocksize=2048", "--label=FORMATS", udf.toString(), "6000");
        cases.add(new Case("format-udf", udf, udf, "iso"));
        return cases;
    }

    /** The name of the file says nothing about what is in it. */
    private Case packed(Case plain, String suffix, String... command) throws Exception {
        Path copy = Files.createTempDirectory(world.directory(), "pack-").resolve("image");
        Files.copy(plain.plain(), copy);
        List<String> line = new ArrayList<>(List.of(command));
        line.add(copy.toString());
        run(line.toArray(String[]::new));
        Path packed = world.files().resolve(plain.name() + "-" + suffix);
        Files.move(copy.resolveSibling("image." + suffix), packed, StandardCopyOption.REPLACE_EXISTING);
        return new Case(plain.name() + "-" + suffix, packed, plain.plain(), plain.format());
    }

    private void assertThatItArrived(Case expected, VirtualImageStatus status) throws Exception {
        boolean cdrom = expected.format().equals("iso");
        assertThat(status.format()).as(expected.name()).isEqualTo(expected.format());
        assertThat(status.cdrom()).as(expected.name()).isEqualTo(cdrom);
        assertThat(status.size().storedBytes())
                .as(expected.name())
                .isEqualTo(Long.toString(Files.size(expected.file())));
        Path disk = Programs.diskOf(status.target().registryURL(), world.directory());
        if (cdrom) {
            assertThat(status.size().unpackedBytes()).isEqualTo(Long.toString(Files.size(expected.plain())));
            assertThat(Files.mismatch(disk, expected.plain()))
                    .as(expected.name())
                    .isEqualTo(-1);
            return;
        }
        JsonNode source = info(expected.plain(), expected.format());
        assertThat(status.size().unpackedBytes())
                .as(expected.name())
                .isEqualTo(source.get("virtual-size").asString());
        assertThat(info(disk, "qcow2").get("virtual-size")).isEqualTo(source.get("virtual-size"));
        run("qemu-img", "check", "-f", "qcow2", disk.toString());
        run(
                "qemu-img",
                "compare",
                "-f",
                expected.format(),
                "-F",
                "qcow2",
                expected.plain().toString(),
                disk.toString());
        if (expected.format().equals("raw")) {
            // Nine of forty MiB are data: zeros are neither stored nor pushed.
            assertThat(Files.size(disk)).isLessThan(11 * MIB);
        }
    }

    private JsonNode info(Path image, String format) throws Exception {
        return JsonMapper.shared().readTree(run("qemu-img", "info", "--output=json", "-f", format, image.toString()));
    }

    /** Where to write what into an image of the first test's kind, and what the message has to name. */
    private record Damage(String format, long offset, String bytes, String structure) {}

    @Test
    void whatIsDamagedFailsWithTheStructureAndTheOffset() throws Exception {
        Path raw = world.files().resolve("damaged-raw.img");
        SampleImages.writeRaw(raw, 20 * MIB, 4 * MIB, 79);
        Map<String, String> structures = new TreeMap<>();
        for (Damage damage : List.of(
                new Damage("qcow2", 4 * 65_536, "\u007f\u007f\u007f\u007f\u007f\u007f\u007f\u007f", "cluster"),
                new Damage("vmdk", 0x14, "\u007f\u007f\u007f\u007f", "grain"),
                new Damage("vdi", 0x200, "\u0011\u0011\u0011\u0011", "block"),
                new Damage("vpc", 0x600, "\u0011\u0011\u0011\u0011", "block"),
                new Damage("vhdx", 0x30000, "XXXX", "region"))) {
            Path file = world.files().resolve("damaged." + damage.format());
            run("qemu-img", "convert", "-f", "raw", "-O", damage.format(), raw.toString(), file.toString());
            overwrite(file, damage.offset(), damage.bytes());
            if (damage.format().equals("vhdx")) {
                overwrite(file, 0x40000, damage.bytes()); // the second copy of the region table
            }
            apply(structures, "damaged-" + damage.format(), file, damage.structure());
        }
        Path plain = world.files().resolve("damaged-plain.img");
        Files.copy(raw, plain);
        for (List<String> pack : List.of(
                List.of("gz", "gzip", "-k"), List.of("xz", "xz", "-k", "-0"), List.of("zst", "zstd", "-q", "-k"))) {
            List<String> line = new ArrayList<>(pack.subList(1, pack.size()));
            line.add(plain.toString());
            run(line.toArray(String[]::new));
            Path file = plain.resolveSibling(plain.getFileName() + "." + pack.getFirst());
            try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
                cut.setLength(cut.length() * 2 / 3);
            }
            apply(structures, "damaged-" + pack.getFirst(), file, "cut short");
        }
        for (Map.Entry<String, String> each : structures.entrySet()) {
            VirtualImage image = world.images().await(each.getKey(), Phase.FAILED, WITHIN);
            Condition ready = Objects.requireNonNull(image.getStatus())
                    .condition(ConditionType.READY)
                    .orElseThrow();
            assertThat(ready.getReason()).isEqualTo("ProvisioningFailed");
            System.out.println("[formats] " + each.getKey() + ": " + ready.getMessage());
            assertThat(ready.getMessage())
                    .as(each.getKey())
                    .containsIgnoringCase(each.getValue())
                    .containsPattern("0x[0-9a-f]+");
        }
    }

    private void apply(Map<String, String> structures, String name, Path file, String structure) {
        structures.put(name, structure);
        world.images().apply(name, world.source().uri(file.getFileName().toString()), null);
    }

    private static void overwrite(Path file, long offset, String bytes) throws Exception {
        try (RandomAccessFile image = new RandomAccessFile(file.toFile(), "rw")) {
            image.seek(offset);
            image.writeBytes(bytes);
        }
    }

    private String run(String... command) throws Exception {
        return Programs.run(world.directory(), command);
    }
}
