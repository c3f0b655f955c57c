package io.virtualimage.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class VirtualImageTest {
    private static final Path CASES = Path.of("src/test/resources/cases");

    private final KubernetesSerialization serialization = new KubernetesSerialization();

    static Stream<Path> samples() throws IOException {
        return yaml(Path.of("samples"), "");
    }

    static Stream<Path> validCases() throws IOException {
        return yaml(CASES, "valid-").filter(file -> !file.toString().contains("unknown-field"));
    }

    private static Stream<Path> yaml(Path folder, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files
                    .filter(file -> file.getFileName().toString().startsWith(prefix))
                    .filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource({"samples", "validCases"})
    void survivesTheWayFromYamlToTypesToJson(Path file) throws IOException {
        String yaml = Files.readString(file);

        VirtualImage image = serialization.unmarshal(yaml, VirtualImage.class);

        Map<?, ?> given = serialization.unmarshal(yaml, Map.class);
        dropNulls(given);
        Map<?, ?> written = serialization.unmarshal(serialization.asJson(image), Map.class);
        assertThat(written.get("spec")).isEqualTo(given.get("spec"));
        assertThat(written.get("status")).isEqualTo(given.get("status"));
        assertThat(written.get("apiVersion")).isEqualTo(given.get("apiVersion"));
        assertThat(written.get("kind")).isEqualTo(given.get("kind"));
        assertThat(image.getSpec().origin()).isPresent();
        DataSource again = DataSource.of(image.getSpec().origin().orElseThrow());
        assertThat(again.origin()).isEqualTo(image.getSpec().origin());
    }

    @Test
    void aWholeStatusSurvivesToo() throws IOException {
        String text = Files.readString(CASES.resolve("status-valid-everything.yaml"));
        String status = text.substring(text.indexOf("---\n") + 4);
        VirtualImage image = serialization.unmarshal(text.replace("---\n", ""), VirtualImage.class);

        Map<?, ?> written = serialization.unmarshal(serialization.asJson(image), Map.class);

        assertThat(written.get("status"))
                .isEqualTo(serialization.unmarshal(status, Map.class).get("status"));
        assertThat(image.phase()).isEqualTo(Phase.READY);
        assertThat(image.getStatus().condition(ConditionType.READY))
                .hasValueSatisfying(ready -> assertThat(ready.getStatus()).isEqualTo("True"));
        assertThat(image.getStatus().condition(ConditionType.TERMINATING)).isEmpty();
    }

    @Test
    void aNewerVersionsObjectIsRead() {
        VirtualImage image = serialization.unmarshal("""
                apiVersion: virtualization.deckhouse.io/v1alpha2
                kind: VirtualImage
                metadata: {name: newer}
                priority: high
                spec:
                  storage: Tape
                  dataSource: {type: Torrent, torrent: {magnet: 'magnet:?x'}, mirrors: []}
                status: {phase: Rewinding, tape: 4, size: {compressed: 1Ki}}
                """, VirtualImage.class);

        assertThat(image.getSpec().storage()).isNull();
        assertThat(image.getSpec().origin()).isEmpty();
        assertThat(image.phase()).isNull();
    }

    @Test
    void anObjectWithoutSpecIsRead() {
        VirtualImage image = serialization.unmarshal("kind: VirtualImage", VirtualImage.class);

        assertThat(image.getSpec()).isNull();
        assertThat(image.getStatus()).isNull();
        assertThat(image.phase()).isNull();
    }

    @Test
    void writesOnlyWhatIsSet() {
        VirtualImage image = new VirtualImage();
        image.setMetadata(new ObjectMetaBuilder().withName("debian").build());
        image.setSpec(VirtualImageSpec.inRegistry(new Origin.Upload(null)));
        image.setStatus(VirtualImageStatus.of(Phase.PENDING));

        Map<?, ?> written = serialization.unmarshal(serialization.asJson(image), Map.class);

        assertThat(written)
                .isEqualTo(Map.of(
                        "apiVersion", "virtualization.deckhouse.io/v1alpha2",
                        "kind", "VirtualImage",
                        "metadata", Map.of("name", "debian"),
                        "spec",
                                Map.of(
                                        "storage",
                                        "ContainerRegistry",
                                        "dataSource",
                                        Map.of("type", "Upload", "upload", Map.of())),
                        "status", Map.of("phase", "Pending")));
    }

    @Test
    void noCredentialIsPrinted() {
        VirtualImage image = new VirtualImage();
        image.setSpec(VirtualImageSpec.inRegistry(
                new Origin.Http("https://user:hush@images.example.com/disk.img?token=hush", null, null)));
        image.setStatus(new VirtualImageStatus(
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                new VirtualImageStatus.UploadUrls("https://images.example.com/upload/hush", null),
                null,
                null,
                List.of()));

        assertThat(image.toString()).contains("images.example.com/disk.img").doesNotContain("hush");
    }

    @Test
    void sizesAndSpeedsAreGivenTwice() {
        assertThat(VirtualImageStatus.Size.of(298_738_688L, null))
                .isEqualTo(new VirtualImageStatus.Size("284.9Mi", "298738688", null, null));
        assertThat(VirtualImageStatus.DownloadSpeed.of(2_411_724, 1024L))
                .isEqualTo(new VirtualImageStatus.DownloadSpeed("2.3Mi/s", "2411724", "1Ki/s", "1024"));
        assertThat(VirtualImageStatus.DownloadSpeed.of(0, null))
                .isEqualTo(new VirtualImageStatus.DownloadSpeed("0B/s", "0", null, null));
    }

    @Test
    void checksumsAreAskedForInLowerCase() {
        assertThat(new Checksum("AB", null, "cd", null, null, "EF").requested())
                .containsExactly(Map.entry("md5", "ab"), Map.entry("sha256", "cd"), Map.entry("streebog512", "ef"));
    }

    @Test
    void anEmptySecretNameIsNone() {
        assertThat(new Origin.ContainerImage("debian", new Origin.PullSecret(""), null).pullSecretName())
                .isNull();
        assertThat(new Origin.ContainerImage("debian", null, null).pullSecretName())
                .isNull();
        assertThat(new Origin.ContainerImage("debian", new Origin.PullSecret("login"), null).pullSecretName())
                .isEqualTo("login");
    }

    @Test
    void aConditionTakesItsOwnReasonsOnly() {
        Instant since = Instant.parse("2026-08-01T10:00:00.987Z");

        assertThat(ConditionType.READY.condition(false, ConditionReason.QUOTA_EXCEEDED, "Too much.", since, 3))
                .satisfies(condition -> {
                    assertThat(condition.getType()).isEqualTo("Ready");
                    assertThat(condition.getStatus()).isEqualTo("False");
                    assertThat(condition.getReason()).isEqualTo("QuotaExceeded");
                    assertThat(condition.getLastTransitionTime()).isEqualTo("2026-08-01T10:00:00Z");
                    assertThat(condition.getObservedGeneration()).isEqualTo(3);
                });
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConditionType.READY.condition(true, ConditionReason.QUOTA_EXCEEDED, "", since, 3));
    }

    private static void dropNulls(Map<?, ?> tree) {
        tree.values().removeIf(Objects::isNull);
        tree.values().forEach(value -> {
            if (value instanceof Map<?, ?> branch) {
                dropNulls(branch);
            }
        });
    }
}
