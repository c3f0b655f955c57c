package io.virtualimage.sandbox.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;

/** Claims, Jobs and what becomes of them, in one namespace. */
record TestJobs(KubernetesClient client, String namespace) {
    private static final Duration SOON = Duration.ofSeconds(60);

    static TestJobs in(KubernetesClient client, String namespace) {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .endMetadata()
                        .build())
                .serverSideApply();
        return new TestJobs(client, namespace);
    }

    static PersistentVolumeClaim claim(String name, String size, String mode) {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withAccessModes("ReadWriteOnce")
                .withVolumeMode(mode)
                .withNewResources()
                .addToRequests("storage", new Quantity(size))
                .endResources()
                .endSpec()
                .build();
    }

    PersistentVolumeClaim create(PersistentVolumeClaim claim) {
        return client.persistentVolumeClaims()
                .inNamespace(namespace)
                .resource(claim)
                .create();
    }

    /** One that mounts the claim at {@code /data}, or has it as {@code /dev/data} if it is a block device. */
    static Job shell(String name, PersistentVolumeClaim claim, String script) {
        boolean block = "Block".equals(claim.getSpec().getVolumeMode());
        ContainerBuilder container = block
                ? shell(script).addNewVolumeDevice("/dev/data", "data")
                : shell(script)
                        .addNewVolumeMount()
                        .withName("data")
                        .withMountPath("/data")
                        .endVolumeMount();
        return new JobBuilder(job(name, container))
                .editSpec()
                .editTemplate()
                .editSpec()
                .addNewVolume()
                .withName("data")
                .withNewPersistentVolumeClaim()
                .withClaimName(claim.getMetadata().getName())
                .endPersistentVolumeClaim()
                .endVolume()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    static ContainerBuilder shell(String script) {
        return new ContainerBuilder()
                .withName("main")
                .withImage("none")
                .withTerminationMessagePolicy("FallbackToLogsOnError")
                .withCommand("sh", "-c", script);
    }

    static Job job(String name, ContainerBuilder container) {
        return new JobBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withBackoffLimit(0)
                .withNewTemplate()
                .withNewSpec()
                .withRestartPolicy("Never")
                .withContainers(container.build())
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    Job create(Job job) {
        return client.batch().v1().jobs().inNamespace(namespace).resource(job).create();
    }

    Job create(Job job, UnaryOperator<JobBuilder> change) {
        return create(change.apply(new JobBuilder(job)).build());
    }

    void awaitCondition(String job, String condition) {
        Awaitility.await().atMost(SOON).untilAsserted(() -> {
            Job now = client.batch()
                    .v1()
                    .jobs()
                    .inNamespace(namespace)
                    .withName(job)
                    .get();
            assertThat(now.getStatus().getConditions())
                    .as("%s, whose Pods are %s", job, podsOf(job))
                    .anyMatch(one ->
                            one.getType().equals(condition) && one.getStatus().equals("True"));
        });
    }

    void awaitComplete(String job) {
        awaitCondition(job, "Complete");
    }

    List<Pod> podsOf(String job) {
        return client.pods()
                .inNamespace(namespace)
                .withLabel("batch.kubernetes.io/job-name", job)
                .list()
                .getItems();
    }

    /** What the Job's one Pod said at its end. */
    String messageOf(String job) {
        return Objects.requireNonNull(podsOf(job)
                .getFirst()
                .getStatus()
                .getContainerStatuses()
                .getFirst()
                .getState()
                .getTerminated()
                .getMessage());
    }

    PersistentVolumeClaim claimNow(String name) {
        return client.persistentVolumeClaims()
                .inNamespace(namespace)
                .withName(name)
                .get();
    }

    PersistentVolumeClaim awaitBound(String name) {
        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(
                        () -> assertThat(claimNow(name).getStatus().getPhase()).isEqualTo("Bound"));
        return claimNow(name);
    }

    /** A VolumeSnapshot of a claim, which need not be there. */
    GenericKubernetesResource createSnapshot(String name, String claim) {
        return client.genericKubernetesResources(ClusterView.SNAPSHOT)
                .inNamespace(namespace)
                .resource(new GenericKubernetesResourceBuilder()
                        .withApiVersion("snapshot.storage.k8s.io/v1")
                        .withKind("VolumeSnapshot")
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .addToAdditionalProperties("spec", Map.of("source", Map.of("persistentVolumeClaimName", claim)))
                        .build())
                .create();
    }

    GenericKubernetesResource snapshot(String name, String claim) {
        createSnapshot(name, claim);
        return Awaitility.await()
                .atMost(SOON)
                .until(
                        () -> client.genericKubernetesResources(ClusterView.SNAPSHOT)
                                .inNamespace(namespace)
                                .withName(name)
                                .get(),
                        VolumeSnapshotter::isReady);
    }
}
