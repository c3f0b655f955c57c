package io.virtualimage.sandbox.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.fetcher.volume.ClusterVolumes;
import io.virtualimage.fetcher.volume.VolumeObjects;
import io.virtualimage.k8s.KubernetesConnection;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.k8s.volume.ImageOwner;
import io.virtualimage.k8s.volume.VolumeJob;
import io.virtualimage.k8s.volume.VolumeMode;
import io.virtualimage.k8s.volume.VolumeProgram;
import io.virtualimage.k8s.volume.VolumeWork;
import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.KubeApi;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is made to read and fill volumes, as an API server takes it from a service's own account. */
@ExtendWith(Components.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VolumeJobsIT {
    private static final String NAMESPACE = "volume-jobs";
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final ImageOwner OWNER =
            new ImageOwner(NAMESPACE, "vi", "0f8f0f5e-3c1a-4d58-9d5c-0b8f5a6c7d11", 2, 1);
    private static final VolumeProgram PROGRAM = VolumeProgram.of("volume:1", "true", "64Mi", "1");

    private KubernetesClient client;
    private KubernetesClient asFetcher;
    private VolumeObjects objects;

    @BeforeAll
    void start(KubeApi api, @TempDir Path directory) throws Exception {
        client = api.newClient();
        Path k8s = Path.of("..", "k8s");
        api.apply(k8s.resolve("crds").resolve(WellKnown.PLURAL + "." + WellKnown.GROUP + ".yaml"));
        api.apply(k8s.resolve("manifests").resolve("namespace.yaml"));
        api.apply(k8s.resolve("manifests").resolve("rbac").resolve("fetcher.yaml"));
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .addToLabels("pod-security.kubernetes.io/enforce", "restricted")
                        .endMetadata()
                        .build())
                .serverSideApply();
        asFetcher = KubernetesConnection.open(
                Optional.of(ServiceAccounts.kubeconfig(api, "fetcher", directory.resolve("kubeconfig"))
                        .toString()));
        objects = new ClusterVolumes(asFetcher);
    }

    @AfterAll
    void close() {
        if (asFetcher != null) {
            asFetcher.close();
        }
        client.namespaces().withName(NAMESPACE).delete();
        client.close();
    }

    static Stream<VolumeJob> jobs() {
        return Arrays.stream(VolumeWork.values())
                .flatMap(work -> Arrays.stream(VolumeMode.values())
                        .map(mode -> new VolumeJob(work, OWNER, 0, "disk", mode, "http://fetcher/volumes/x")));
    }

    private String uidOfImage(String name) {
        VirtualImage image = new VirtualImage();
        image.setMetadata(
                new ObjectMetaBuilder().withName(name).withNamespace(NAMESPACE).build());
        image.setSpec(VirtualImageSpec.inRegistry(new Origin.Upload(null)));
        return client.resource(image).serverSideApply().getMetadata().getUid();
    }

    private static Pod pod(Job job) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName("dry")
                .endMetadata()
                .withSpec(job.getSpec().getTemplate().getSpec())
                .build();
    }

    @ParameterizedTest
    @MethodSource("jobs")
    void aNamespaceThatEnforcesRestrictedTakesThem(VolumeJob job) {
        Job made = client.resource(job.manifest(PROGRAM)).dryRun().create();
        assertThat(made.getSpec().getPodFailurePolicy().getRules()).hasSize(2);
        assertThat(client.resource(pod(job.manifest(PROGRAM))).dryRun().create().getSpec())
                .isNotNull();
    }

    @Test
    void aPrivilegedPodIsRefusedThere() {
        Pod privileged = pod(jobs().findFirst().orElseThrow().manifest(PROGRAM))
                .edit()
                .editSpec()
                .editFirstContainer()
                .editSecurityContext()
                .withPrivileged(true)
                .withAllowPrivilegeEscalation(true)
                .endSecurityContext()
                .endContainer()
                .endSpec()
                .build();
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() -> client.resource(privileged).dryRun().create())
                .withMessageContaining("violates PodSecurity \"restricted");
    }

    @Test
    void aFetcherMayDoWhatReadingAVolumeTakesAndNoMore() {
        // What belongs to nobody that there is would be collected at once.
        ImageOwner owner = new ImageOwner(NAMESPACE, "vi", uidOfImage("vi"), 2, 1);
        VolumeJob job = new VolumeJob(
                VolumeWork.READ, owner, 0, "no-such-claim", VolumeMode.FILESYSTEM, "http://fetcher/volumes/x");
        Map<String, String> labels = ImageOwner.selector(VolumeWork.READ, owner.uid());
        assertThat(objects.job(NAMESPACE, job.name())).isNull();
        assertThat(objects.snapshot(NAMESPACE, "none")).isNull();

        Job made = objects.create(job.manifest(PROGRAM));
        assertThat(objects.create(job.manifest(PROGRAM)).getMetadata().getUid())
                .isEqualTo(made.getMetadata().getUid());
        PersistentVolumeClaim claim = new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName(job.name())
                .withNamespace(NAMESPACE)
                .withLabels(owner.labels(VolumeWork.READ))
                .endMetadata()
                .withNewSpec()
                .withAccessModes("ReadWriteOnce")
                .withNewResources()
                .addToRequests("storage", new Quantity("1Mi"))
                .endResources()
                .endSpec()
                .build();
        objects.create(claim);
        objects.create(claim);

        Awaitility.await()
                .atMost(SOON)
                .until(() -> objects.podsOf(NAMESPACE, made.getMetadata().getUid()), pods -> pods.size() == 1);
        assertThat(objects.jobs(NAMESPACE, labels)).hasSize(1);
        assertThat(objects.claims(NAMESPACE, labels)).hasSize(1);
        assertThat(objects.claim(NAMESPACE, job.name())).isNotNull();

        objects.removeJob(NAMESPACE, job.name());
        objects.removeJob(NAMESPACE, job.name());
        objects.removeClaim(NAMESPACE, job.name());
        objects.removeClaim(NAMESPACE, job.name());
        Awaitility.await().atMost(SOON).untilAsserted(() -> {
            assertThat(objects.jobs(NAMESPACE, labels)).isEmpty();
            assertThat(objects.claims(NAMESPACE, labels)).isEmpty();
            assertThat(objects.podsOf(NAMESPACE, made.getMetadata().getUid())).isEmpty();
        });
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() ->
                        asFetcher.pods().inNamespace(NAMESPACE).withName("x").delete())
                .withMessageContaining("forbidden");
    }

    @Test
    void whyAJobHasNoPodIsReadFromItsEvents() {
        String full = NAMESPACE + "-full";
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(full)
                        .endMetadata()
                        .build())
                .create();
        ResourceQuota quota = client.resource(new ResourceQuotaBuilder()
                        .withNewMetadata()
                        .withName("none")
                        .withNamespace(full)
                        .endMetadata()
                        .withNewSpec()
                        .addToHard("pods", new Quantity("0"))
                        .endSpec()
                        .build())
                .create();
        // What isn't counted yet is refused in other words.
        Awaitility.await()
                .atMost(SOON)
                .until(() -> !client.resource(quota).get().getStatus().getHard().isEmpty());
        ImageOwner owner = new ImageOwner(full, "vi", OWNER.uid(), 1, 0);
        VolumeJob job =
                new VolumeJob(VolumeWork.READ, owner, 0, "none", VolumeMode.FILESYSTEM, "http://fetcher/volumes/x");

        Job made = objects.create(job.manifest(PROGRAM));

        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(() -> assertThat(objects.refusalOf(made)).contains("exceeded quota: none"));
        assertThat(objects.podsOf(full, made.getMetadata().getUid())).isEmpty();
        client.namespaces().withName(full).delete();
    }
}
