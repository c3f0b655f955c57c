package io.virtualimage.k8s.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class VolumeJobTest {
    private static final Path GOLDEN = Path.of("src/test/resources/jobs");
    private static final VolumeProgram PROGRAM = VolumeProgram.of(
            "registry.example.com/virtualimage/volume:1",
            "java -cp /app/* io.virtualimage.volume.VolumeMain",
            "256Mi",
            "2");
    private static final ImageOwner OWNER =
            new ImageOwner("team-a", "linux-vm-root", "0f8f0f5e-3c1a-4d58-9d5c-0b8f5a6c7d11", 2, 1);

    static Stream<VolumeJob> jobs() {
        return Arrays.stream(VolumeWork.values())
                .flatMap(work -> Arrays.stream(VolumeMode.values())
                        .map(mode -> new VolumeJob(
                                work, OWNER, 3, "root-disk", mode, "http://fetcher.example.com/volumes/secret")));
    }

    private static String golden(VolumeJob job) {
        return "%s-%s.yaml".formatted(job.work().word(), job.mode().wire().toLowerCase(Locale.ROOT));
    }

    @ParameterizedTest
    @MethodSource("jobs")
    void isTheManifestThatWasAgreedOn(VolumeJob job) throws IOException {
        KubernetesSerialization yaml = new KubernetesSerialization();
        Job manifest = yaml.unmarshal(Files.readString(GOLDEN.resolve(golden(job))), Job.class);
        assertThat(yaml.asYaml(job.manifest(PROGRAM))).isEqualTo(yaml.asYaml(manifest));
    }

    @Test
    void everyGoldenManifestIsUsed() throws IOException {
        try (Stream<Path> files = Files.list(GOLDEN)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(
                            jobs().map(VolumeJobTest::golden).toList());
        }
    }

    @Test
    void everyEpochOfEveryVersionHasAJobOfItsOwn() {
        List<String> names = Stream.of(
                        job(OWNER, 0),
                        job(OWNER, 1),
                        job(new ImageOwner("team-a", "x", OWNER.uid(), 3, 1), 0),
                        job(new ImageOwner("team-a", "x", OWNER.uid(), 2, 0), 0),
                        new VolumeJob(VolumeWork.FILL, OWNER, 0, "c", VolumeMode.BLOCK, "http://x"))
                .map(VolumeJob::name)
                .toList();
        assertThat(names).doesNotHaveDuplicates().allMatch(name -> name.length() <= 63);
    }

    @Test
    void aNameThatWouldBeTooLongIsShortenedAndStaysItsOwn() {
        ImageOwner old = new ImageOwner("team-a", "x", OWNER.uid(), 123_456_789_012L, 1_000_000L);
        assertThat(job(old, 0).name())
                .hasSizeLessThanOrEqualTo(63)
                .isEqualTo(job(old, 0).name());
        assertThat(job(old, 0).name()).isNotEqualTo(job(old, 1).name());
    }

    @Test
    void itsTextHoldsNoToken() {
        assertThat(jobs().map(VolumeJob::toString).collect(Collectors.joining()))
                .doesNotContain("secret");
    }

    private static VolumeJob job(ImageOwner owner, int epoch) {
        return new VolumeJob(VolumeWork.READ, owner, epoch, "c", VolumeMode.BLOCK, "http://x");
    }
}
