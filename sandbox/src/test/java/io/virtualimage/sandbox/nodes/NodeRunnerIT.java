package io.virtualimage.sandbox.nodes;

import static io.virtualimage.sandbox.nodes.TestJobs.claim;
import static io.virtualimage.sandbox.nodes.TestJobs.job;
import static io.virtualimage.sandbox.nodes.TestJobs.shell;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.KubeApi;
import io.virtualimage.sandbox.components.UsedComponents;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Jobs, their Pods and what ends them, with the real controllers and our node. */
@ExtendWith(Components.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodeRunnerIT {
    private static final String NAMESPACE = "node-runner";
    private static final Duration SOON = Duration.ofSeconds(60);

    private KubernetesClient client;
    private NodeRunner node;
    private TestJobs jobs;

    @BeforeAll
    void connect(KubeApi api, NodeRunner runner) {
        node = runner;
        client = api.newClient();
        jobs = TestJobs.in(client, NAMESPACE);
    }

    @AfterAll
    void close() {
        if (client != null) {
            client.namespaces().withName(NAMESPACE).delete();
            client.close();
        }
    }

    @Test
    void aClaimIsBoundForItsFirstPodAndTheNextOneReadsWhatThatWrote() {
        PersistentVolumeClaim claim = jobs.create(claim("shared", "1Mi", "Filesystem"));
        assertThat(claim.getSpec().getStorageClassName()).isEqualTo(LocalStorage.DEFAULT_CLASS);

        jobs.create(
                shell("writer", claim, "echo hello >/data/greeting && test \"$F\" = '$(G)'"),
                job -> job.editSpec()
                        .editTemplate()
                        .editSpec()
                        .editFirstContainer()
                        .addNewEnv()
                        .withName("F")
                        .withValue("$(G)")
                        .endEnv()
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec());
        jobs.awaitComplete("writer");
        PersistentVolumeClaim bound = jobs.claimNow("shared");
        assertThat(bound.getStatus().getPhase()).isEqualTo("Bound");
        assertThat(bound.getStatus().getCapacity()).containsEntry("storage", new Quantity("1Mi"));
        assertThat(node.content(bound.getSpec().getVolumeName()).resolve("greeting"))
                .hasContent("hello");

        jobs.create(shell("reader", claim, "cp /data/greeting /dev/termination-log"));
        jobs.awaitComplete("reader");
        assertThat(jobs.messageOf("reader")).isEqualTo("hello\n");
    }

    @Test
    void aKilledProcessFailsItsPodAndTheJobMakesAnother() {
        PersistentVolumeClaim claim = jobs.create(claim("retried", "1Mi", "Filesystem"));
        jobs.create(
                shell("retried", claim, "test -e /data/second && exit; touch /data/second; sleep 300; exit 0"),
                job -> job.editSpec().withBackoffLimit(3).endSpec());
        OptionalLong pid = Awaitility.await()
                .atMost(SOON)
                .until(
                        () -> jobs.podsOf("retried").stream()
                                .map(pod ->
                                        node.pid(NAMESPACE, pod.getMetadata().getName(), "main"))
                                .filter(OptionalLong::isPresent)
                                .filter(_ -> Files.exists(node.content(jobs.claimNow("retried")
                                                .getSpec()
                                                .getVolumeName())
                                        .resolve("second")))
                                .findFirst()
                                .orElseGet(OptionalLong::empty),
                        OptionalLong::isPresent);
        ProcessHandle process = ProcessHandle.of(pid.getAsLong()).orElseThrow();
        List<ProcessHandle> sleep = Awaitility.await()
                .atMost(SOON)
                .until(() -> process.children().toList(), children -> !children.isEmpty());
        process.destroyForcibly();

        jobs.awaitComplete("retried");
        assertThat(jobs.podsOf("retried"))
                .extracting(pod -> pod.getStatus().getPhase())
                .containsExactlyInAnyOrder("Failed", "Succeeded");
        assertThat(jobs.podsOf("retried"))
                .extracting(pod -> pod.getStatus()
                        .getContainerStatuses()
                        .getFirst()
                        .getState()
                        .getTerminated()
                        .getExitCode())
                .containsExactlyInAnyOrder(137, 0);
        assertThat(sleep).noneMatch(ProcessHandle::isAlive);
    }

    @Test
    void aFailureSaysWhy() {
        jobs.create(job("fails", shell("echo starting; echo the disk is full >&2; exit 7")));
        jobs.awaitCondition("fails", "Failed");

        Pod pod = jobs.podsOf("fails").getFirst();
        assertThat(pod.getStatus().getPhase()).isEqualTo("Failed");
        assertThat(pod.getStatus().getContainerStatuses().getFirst().getState().getTerminated())
                .satisfies(end -> {
                    assertThat(end.getExitCode()).isEqualTo(7);
                    assertThat(end.getReason()).isEqualTo("Error");
                    assertThat(end.getMessage()).isEqualTo("starting\nthe disk is full");
                    assertThat(end.getFinishedAt()).isNotBlank();
                });
    }

    @Test
    void aPodThatCannotRunHereSaysWhy() {
        jobs.create(
                job("unsupported", shell("true")),
                job -> job.editSpec()
                        .editTemplate()
                        .editSpec()
                        .addToInitContainers(shell("true").withName("before").build())
                        .endSpec()
                        .endTemplate()
                        .endSpec());
        jobs.awaitCondition("unsupported", "Failed");

        assertThat(jobs.podsOf("unsupported").getFirst().getStatus().getMessage())
                .contains("can't run this: it has init containers");
    }

    @Test
    void valuesComeFromSecretsAndThePodAndNothingElseIsInherited() {
        jobs.create(job(
                "variables",
                shell("test \"$TOKEN\" = s3cret && env | cut -d= -f1 | sort >/dev/termination-log")
                        .addNewEnv()
                        .withName("TOKEN")
                        .withNewValueFrom()
                        .withNewSecretKeyRef("token", "late", false)
                        .endValueFrom()
                        .endEnv()
                        .addNewEnv()
                        .withName("POD")
                        .withNewValueFrom()
                        .withNewFieldRef("v1", "metadata.name")
                        .endValueFrom()
                        .endEnv()));
        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(() -> assertThat(jobs.podsOf("variables"))
                        .singleElement()
                        .satisfies(pod -> assertThat(pod.getStatus()
                                        .getContainerStatuses()
                                        .getFirst()
                                        .getState()
                                        .getWaiting())
                                .satisfies(waiting ->
                                        assertThat(waiting.getMessage()).contains("secret \"late\""))));
        client.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName("late")
                        .withNamespace(NAMESPACE)
                        .endMetadata()
                        .addToStringData("token", "s3cret")
                        .build())
                .create();
        jobs.awaitComplete("variables");

        assertThat(jobs.messageOf("variables").lines())
                .containsExactly("HOME", "HOSTNAME", "JAVA_HOME", "PATH", "POD", "PWD", "TOKEN");
    }

    @Test
    void aJavaProgramRunsOnThisJvmsJava() {
        PersistentVolumeClaim claim = jobs.create(claim("java", "1Mi", "Filesystem"));
        String classPath = System.getProperty("java.class.path");
        jobs.create(
                shell("java", claim, ""),
                job -> job.editSpec()
                        .editTemplate()
                        .editSpec()
                        .editFirstContainer()
                        .withCommand("java", "-Xmx32m", "-cp", classPath, Writer.class.getName(), "--to=/data/written")
                        .addNewEnv()
                        .withName("WORD")
                        .withValue("hello")
                        .endEnv()
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec());
        jobs.awaitComplete("java");

        assertThat(node.content(jobs.claimNow("java").getSpec().getVolumeName()).resolve("written"))
                .hasContent("hello " + Runtime.version().feature());
    }

    /** The main class of a container. */
    static final class Writer {
        public static void main(String[] arguments) throws Exception {
            Path file = Path.of(arguments[0].substring("--to=".length()));
            Files.writeString(
                    file, System.getenv("WORD") + " " + Runtime.version().feature());
        }
    }

    @Test
    void aPodWaitsForItsClaimAndSaysSo() {
        PersistentVolumeClaim late = claim("late", "1Mi", "Filesystem");
        jobs.create(shell("early", late, "touch /data/x"));
        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(() -> assertThat(jobs.podsOf("early"))
                        .singleElement()
                        .satisfies(pod -> assertThat(pod.getStatus().getConditions())
                                .anyMatch(condition ->
                                        "persistentvolumeclaim \"late\" not found".equals(condition.getMessage()))));

        jobs.create(late);
        jobs.awaitComplete("early");
    }

    @Test
    void otherVolumesAreFoldersOfThePodsOwn() {
        client.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName("mounted")
                        .withNamespace(NAMESPACE)
                        .endMetadata()
                        .addToStringData("password", "s3cret")
                        .build())
                .create();
        jobs.create(
                job(
                        "folders",
                        shell("cat /secrets/pass >/work/copy && cp /work/copy /dev/termination-log")
                                .addNewVolumeMount()
                                .withName("secrets")
                                .withMountPath("/secrets")
                                .endVolumeMount()
                                .addNewVolumeMount()
                                .withName("work")
                                .withMountPath("/work")
                                .withSubPath("sub")
                                .endVolumeMount()),
                job -> job.editSpec()
                        .editTemplate()
                        .editSpec()
                        .addNewVolume()
                        .withName("secrets")
                        .withNewSecret()
                        .withSecretName("mounted")
                        .addNewItem()
                        .withKey("password")
                        .withPath("pass")
                        .endItem()
                        .endSecret()
                        .endVolume()
                        .addNewVolume()
                        .withName("work")
                        .withNewEmptyDir()
                        .endEmptyDir()
                        .endVolume()
                        .endSpec()
                        .endTemplate()
                        .endSpec());
        jobs.awaitComplete("folders");

        assertThat(jobs.messageOf("folders")).isEqualTo("s3cret");
    }

    @Test
    void anOwnerTakesItsJobWithItWhichEndsWithGrace(@TempDir Path folder) {
        GenericKubernetesResource owner = jobs.createSnapshot("owner", "none");
        String script =
                "trap 'touch %1$s/asked; exit' TERM; touch %1$s/ready; while :; do sleep 0.1; done".formatted(folder);
        jobs.create(
                job("owned", shell(script)),
                job -> job.editMetadata()
                        .addNewOwnerReference()
                        .withApiVersion(owner.getApiVersion())
                        .withKind(owner.getKind())
                        .withName(owner.getMetadata().getName())
                        .withUid(owner.getMetadata().getUid())
                        .endOwnerReference()
                        .endMetadata());
        Awaitility.await().atMost(SOON).until(() -> Files.exists(folder.resolve("ready")));

        client.resource(owner).delete();

        Awaitility.await().atMost(SOON).untilAsserted(() -> {
            assertThat(client.batch()
                            .v1()
                            .jobs()
                            .inNamespace(NAMESPACE)
                            .withName("owned")
                            .get())
                    .isNull();
            assertThat(jobs.podsOf("owned")).isEmpty();
        });
        assertThat(folder.resolve("asked")).exists();
    }

    @Test
    void aPodThatWillNotEndIsKilledWhenItsGraceIsOver(@TempDir Path folder) {
        String script = "trap '' TERM; touch %s/ready; while :; do sleep 0.1; done".formatted(folder);
        jobs.create(
                job("stubborn", shell(script)),
                job -> job.editSpec()
                        .editTemplate()
                        .editSpec()
                        .withTerminationGracePeriodSeconds(1L)
                        .endSpec()
                        .endTemplate()
                        .endSpec());
        Awaitility.await().atMost(SOON).until(() -> Files.exists(folder.resolve("ready")));
        String pod = jobs.podsOf("stubborn").getFirst().getMetadata().getName();
        ProcessHandle process =
                ProcessHandle.of(node.pid(NAMESPACE, pod, "main").getAsLong()).orElseThrow();

        client.batch().v1().jobs().inNamespace(NAMESPACE).withName("stubborn").delete();

        Awaitility.await().atMost(SOON).until(() -> jobs.podsOf("stubborn").isEmpty());
        assertThat(process.isAlive()).isFalse();
    }

    @Test
    void aContainerIsStartedAgainIfThePodSaysSo() {
        PersistentVolumeClaim claim = jobs.create(claim("again", "1Mi", "Filesystem"));
        jobs.create(
                shell("again", claim, "test -e /data/second && exit; touch /data/second; exit 1"),
                job -> job.editSpec()
                        .editTemplate()
                        .editSpec()
                        .withRestartPolicy("OnFailure")
                        .endSpec()
                        .endTemplate()
                        .withBackoffLimit(3)
                        .endSpec());
        jobs.awaitComplete("again");

        assertThat(jobs.podsOf("again"))
                .singleElement()
                .satisfies(pod -> assertThat(pod.getStatus()
                                .getContainerStatuses()
                                .getFirst()
                                .getRestartCount())
                        .isEqualTo(1));
    }

    @Test
    void aFinishedJobGoesWhenItsTimeIsUp() {
        jobs.create(
                job("fleeting", shell("true")),
                job -> job.editSpec().withTtlSecondsAfterFinished(1).endSpec());
        Awaitility.await()
                .atMost(SOON)
                .until(() -> client.batch()
                                .v1()
                                .jobs()
                                .inNamespace(NAMESPACE)
                                .withName("fleeting")
                                .get()
                        == null);
        Awaitility.await().atMost(SOON).until(() -> jobs.podsOf("fleeting").isEmpty());
    }

    @Test
    void anotherRunOfTheNodeKeepsVolumesAndFailsThePodsThatItFinds(@TempDir Path directory, UsedComponents used) {
        Path external = Path.of("..", "k8s", "crds", "external");
        String volume;
        try (KubeApi api = used.add(KubeApi.start(directory.resolve("kube")));
                KubernetesClient own = api.newClient()) {
            api.applyAll(external);
            TestJobs first = TestJobs.in(own, "restarted");
            PersistentVolumeClaim claim = first.create(claim("kept", "1Mi", "Filesystem"));
            try (NodeRunner one = NodeRunner.start(api, directory.resolve("node"))) {
                first.create(
                        shell("restarted", claim, "test -e /data/second && exit; touch /data/second; sleep 300"),
                        job -> job.editSpec().withBackoffLimit(3).endSpec());
                volume = first.awaitBound("kept").getSpec().getVolumeName();
                Awaitility.await()
                        .atMost(SOON)
                        .until(() -> Files.exists(one.content(volume).resolve("second")));
                Awaitility.await()
                        .atMost(SOON)
                        .until(() -> first.podsOf("restarted").stream()
                                .anyMatch(pod -> pod.getStatus().getPhase().equals("Running")));
            }
            try (NodeRunner another = NodeRunner.start(api, directory.resolve("node"))) {
                first.awaitComplete("restarted");

                assertThat(another.content(volume).resolve("second")).exists();
                assertThat(first.podsOf("restarted"))
                        .extracting(pod -> String.valueOf(pod.getStatus().getReason()))
                        .containsExactlyInAnyOrder("NodeRestarted", "null");
            }
        }
    }

    @Test
    void aNamespaceGoesWithAllThatIsInIt() {
        TestJobs doomed = TestJobs.in(client, "node-runner-doomed");
        PersistentVolumeClaim claim = doomed.create(claim("claim", "1Mi", "Filesystem"));
        doomed.create(shell("writer", claim, "echo x >/data/x"));
        doomed.awaitComplete("writer");
        String volume = doomed.claimNow("claim").getSpec().getVolumeName();

        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(doomed.namespace())
                        .endMetadata()
                        .build())
                .delete();

        Awaitility.await().atMost(SOON).untilAsserted(() -> {
            assertThat(client.namespaces().withName(doomed.namespace()).get()).isNull();
            assertThat(node.content(volume)).doesNotExist();
        });
    }
}
