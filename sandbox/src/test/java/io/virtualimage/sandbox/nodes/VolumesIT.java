package io.virtualimage.sandbox.nodes;

import static io.virtualimage.sandbox.nodes.TestJobs.claim;
import static io.virtualimage.sandbox.nodes.TestJobs.shell;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.KubeApi;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** Claims, what they are filled from and what limits them, with the real controllers and our node. */
@ExtendWith(Components.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VolumesIT {
    private static final String NAMESPACE = "volumes";
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
    void aClaimThatNobodyUsesWaitsUnlessItsClassIsImmediate() {
        jobs.create(claim("waits", "1Mi", "Filesystem"));
        jobs.create(new PersistentVolumeClaimBuilder(claim("at-once", "1Mi", "Filesystem"))
                .editSpec()
                .withStorageClassName(LocalStorage.IMMEDIATE_CLASS)
                .endSpec()
                .build());

        jobs.awaitBound("at-once");
        assertThat(jobs.claimNow("waits").getStatus().getPhase()).isEqualTo("Pending");
    }

    @Test
    void aBlockClaimIsADeviceOfItsSize() throws Exception {
        PersistentVolumeClaim claim = jobs.create(claim("device", "5Mi", "Block"));
        jobs.create(shell("device", claim, """
                test $(wc -c </dev/data) = 5242880 &&
                printf end | dd of=/dev/data bs=1 seek=5242877 conv=notrunc && tail -c 3 /dev/data >/dev/termination-log
                """));
        jobs.awaitComplete("device");

        assertThat(jobs.messageOf("device")).isEqualTo("end");
        Path file = node.content(jobs.claimNow("device").getSpec().getVolumeName());
        assertThat(Files.size(file)).isEqualTo(5 << 20);
    }

    @Test
    void aClaimOfASnapshotHasWhatWasThereThenAndGoesWithItsFiles() {
        PersistentVolumeClaim claim = jobs.create(claim("original", "1Mi", "Filesystem"));
        jobs.create(shell("before", claim, "echo before >/data/file"));
        jobs.awaitComplete("before");
        GenericKubernetesResource snapshot = jobs.snapshot("of-original", "original");
        assertThat(snapshot.<String>get("status", "restoreSize")).isEqualTo("1Mi");
        jobs.create(shell("after", claim, "echo after >/data/file; echo more >/data/more"));
        jobs.awaitComplete("after");

        PersistentVolumeClaim restored =
                jobs.create(new PersistentVolumeClaimBuilder(claim("restored", "2Mi", "Filesystem"))
                        .editSpec()
                        .withNewDataSource("snapshot.storage.k8s.io", "VolumeSnapshot", "of-original")
                        .endSpec()
                        .build());
        jobs.create(shell("restored", restored, "cat /data/* >/dev/termination-log"));
        jobs.awaitComplete("restored");
        assertThat(jobs.messageOf("restored")).isEqualTo("before\n");

        jobs.create(new PersistentVolumeClaimBuilder(claim("too-small", "1Ki", "Filesystem"))
                .editSpec()
                .withStorageClassName(LocalStorage.IMMEDIATE_CLASS)
                .withNewDataSource("snapshot.storage.k8s.io", "VolumeSnapshot", "of-original")
                .endSpec()
                .build());
        Awaitility.await()
                .atMost(SOON)
                .untilAsserted(() -> assertThat(client.v1()
                                .events()
                                .inNamespace(NAMESPACE)
                                .withField("involvedObject.name", "too-small")
                                .list()
                                .getItems())
                        .anyMatch(event -> event.getReason().equals("ProvisioningFailed")
                                && event.getMessage().contains("less than what snapshot of-original")));

        String volume = jobs.claimNow("restored").getSpec().getVolumeName();
        assertThat(node.content(volume)).isDirectory();
        client.resource(jobs.claimNow("restored")).delete();
        // A Pod holds its claims even when it is over.
        client.batch().v1().jobs().inNamespace(NAMESPACE).withName("restored").delete();
        Awaitility.await().atMost(SOON).untilAsserted(() -> {
            assertThat(jobs.claimNow("restored")).isNull();
            assertThat(client.persistentVolumes().withName(volume).get()).isNull();
            assertThat(node.content(volume)).doesNotExist();
        });

        Path content = node.snapshotContent(snapshot.getMetadata().getUid());
        assertThat(content).isDirectory();
        client.resource(snapshot).delete();
        Awaitility.await().atMost(SOON).untilAsserted(() -> assertThat(content).doesNotExist());
    }

    @Test
    void aBlockClaimIsClonedThroughASnapshotOrAtOnceIntoABiggerOne() throws Exception {
        PersistentVolumeClaim claim = jobs.create(claim("disk", "3Mi", "Block"));
        jobs.create(shell("disk", claim, "printf boot | dd of=/dev/data bs=1 seek=512 conv=notrunc"));
        jobs.awaitComplete("disk");
        jobs.snapshot("of-disk", "disk");

        jobs.create(new PersistentVolumeClaimBuilder(claim("disk-restored", "4Mi", "Block"))
                .editSpec()
                .withStorageClassName(LocalStorage.IMMEDIATE_CLASS)
                .withNewDataSource("snapshot.storage.k8s.io", "VolumeSnapshot", "of-disk")
                .endSpec()
                .build());
        jobs.create(new PersistentVolumeClaimBuilder(claim("disk-cloned", "4Mi", "Block"))
                .editSpec()
                .withStorageClassName(LocalStorage.IMMEDIATE_CLASS)
                .withNewDataSource(null, "PersistentVolumeClaim", "disk")
                .endSpec()
                .build());
        for (String copy : List.of("disk-restored", "disk-cloned")) {
            Path file = node.content(jobs.awaitBound(copy).getSpec().getVolumeName());
            byte[] content = Files.readAllBytes(file);
            assertThat(content).as(copy).hasSize(4 << 20);
            assertThat(new String(content, 512, 4, StandardCharsets.US_ASCII)).isEqualTo("boot");
        }
    }

    @Test
    void aQuotaRefusesAClaimThatIsTooBig() {
        TestJobs poor = TestJobs.in(client, "volumes-quota");
        ResourceQuota quota = client.resource(new ResourceQuotaBuilder()
                        .withNewMetadata()
                        .withName("storage")
                        .withNamespace(poor.namespace())
                        .endMetadata()
                        .withNewSpec()
                        .addToHard("requests.storage", new Quantity("10Mi"))
                        .endSpec()
                        .build())
                .create();
        Awaitility.await()
                .atMost(SOON)
                .until(() -> !client.resource(quota).get().getStatus().getHard().isEmpty());
        poor.create(claim("small", "6Mi", "Filesystem"));

        assertThatThrownBy(() -> poor.create(claim("big", "6Mi", "Filesystem")))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("exceeded quota: storage");

        client.resource(poor.claimNow("small")).delete();
        Awaitility.await().atMost(SOON).untilAsserted(() -> poor.create(claim("big", "6Mi", "Filesystem")));

        client.namespaces().withName(poor.namespace()).delete();
    }
}
