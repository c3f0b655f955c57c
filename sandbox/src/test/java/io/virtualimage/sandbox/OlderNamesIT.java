package io.virtualimage.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.KubeApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What {@code kubectl} prints when somebody writes the older name of a value, as the manifests install it. */
@ExtendWith(Components.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OlderNamesIT {
    private static final String NAMESPACE = "older-names";
    private static final Path MANIFESTS = Path.of("..", "k8s", "manifests");

    private Kubectl kubectl;
    private Path folder;

    @BeforeAll
    void install(KubeApi api, @TempDir Path directory) throws IOException {
        folder = directory;
        kubectl = new Kubectl(api.kubeconfig());
        kubectl.run("apply", "--server-side", "--force-conflicts", "-k", MANIFESTS.toString());
        kubectl.run(
                "wait",
                "--for=condition=Established",
                "--timeout=30s",
                "crd/virtualimages.virtualization.deckhouse.io");
        Path namespace = Files.writeString(
                folder.resolve("namespace.yaml"),
                "{apiVersion: v1, kind: Namespace, metadata: {name: %s}}".formatted(NAMESPACE));
        kubectl.run("apply", "-f", namespace.toString());
        run("delete", "vi", "--all");
        // The API server takes a new policy up after a while.
        Path older = manifest("trial", "storage: Kubernetes");
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(run("create", "--dry-run=server", "-f", older.toString()))
                        .contains("Warning"));
    }

    private String run(String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "--namespace";
        all[1] = NAMESPACE;
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        return kubectl.run(all);
    }

    private Path manifest(String name, String storage) throws IOException {
        return Files.writeString(folder.resolve(name + ".yaml"), """
                apiVersion: virtualization.deckhouse.io/v1alpha2
                kind: VirtualImage
                metadata: {name: %s}
                spec:
                  %s
                  dataSource: {type: HTTP, http: {url: "http://example.com/a.img"}}
                """.formatted(name, storage));
    }

    @Test
    void theOlderNameOfAClaimIsTakenWithAWarning() throws IOException {
        String file = manifest("older", "storage: Kubernetes").toString();
        assertThat(run("apply", "-f", file))
                .contains("virtualimage.virtualization.deckhouse.io/older created")
                .containsPattern(
                        "(?m)^Warning: .*spec\\.storage: Kubernetes .*write PersistentVolumeClaim instead\\.$");
        assertThat(run("get", "vi", "older", "-o", "jsonpath={.spec.storage}")).isEqualTo("Kubernetes");

        assertThat(run("annotate", "vi", "older", "virtualimage.io/retry=1"))
                .contains("annotated")
                .contains("Warning: ")
                .contains("write PersistentVolumeClaim instead");
        assertThat(run(
                        "patch",
                        "vi",
                        "older",
                        "--subresource=status",
                        "--type=merge",
                        "-p",
                        "{\"status\":{\"phase\":\"Pending\"}}"))
                .doesNotContain("Warning");

        manifest("older", "storage: PersistentVolumeClaim");
        assertThat(run("apply", "-f", file)).contains("configured").doesNotContain("Warning");
        manifest("older", "storage: Kubernetes");
        assertThat(run("apply", "-f", file)).contains("configured").contains("Warning: ");
        assertThat(run("delete", "-f", file)).contains("deleted").doesNotContain("Warning");
    }

    @Test
    void nobodyElseIsWarned() throws IOException {
        for (String storage : new String[] {"storage: PersistentVolumeClaim", "storage: ContainerRegistry", ""}) {
            assertThat(run(
                            "create",
                            "--dry-run=server",
                            "-f",
                            manifest("other", storage).toString()))
                    .contains("created")
                    .doesNotContain("Warning");
        }
    }
}
