package io.virtualimage.sandbox.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.k8s.KubernetesConnection;
import io.virtualimage.k8s.volume.ImageOwner;
import io.virtualimage.k8s.volume.VolumeWork;
import io.virtualimage.publisher.care.NoAnswerException;
import io.virtualimage.publisher.volume.ClaimPlace;
import io.virtualimage.publisher.volume.ClaimWatch;
import io.virtualimage.publisher.volume.KubernetesVolumes;
import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.KubeApi;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Claims of images, as the publisher's own account may see and remove them. */
@ExtendWith(Components.class)
class ClaimWatchIT {
    private static final String NAMESPACE = "claim-watch";
    private static final Duration SOON = Duration.ofSeconds(60);

    private final List<String> appeared = new CopyOnWriteArrayList<>();
    private final List<String> changed = new CopyOnWriteArrayList<>();

    private final ClaimWatch.Listener listener = new ClaimWatch.Listener() {
        @Override
        public void appeared(String uid) {
            appeared.add(uid);
        }

        @Override
        public void changed(String uid) {
            changed.add(uid);
        }
    };

    private static Incarnation version(long generation) {
        return new Incarnation(NAMESPACE, "vi", "0f8f0f5e-3c1a-4d58-9d5c-0b8f5a6c7d11", generation, 0);
    }

    private static PersistentVolumeClaim claim(Incarnation version) {
        ImageOwner owner =
                new ImageOwner(version.namespace(), version.name(), version.uid(), version.generation(), version.run());
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace(NAMESPACE)
                .withName("claim-" + version.generation())
                .withLabels(owner.labels(VolumeWork.FILL))
                .endMetadata()
                .withNewSpec()
                .withStorageClassName("nobody-provisions-this")
                .withAccessModes("ReadWriteOnce")
                .withNewResources()
                .withRequests(Map.of("storage", new Quantity("1Mi")))
                .endResources()
                .endSpec()
                .build();
    }

    private static ImagePublished published(Incarnation version) {
        return new ImagePublished(
                version, 0, null, null, null, 1, ImageFormat.RAW, false, 1, 1, "claim-" + version.generation());
    }

    @Test
    void hearsOfClaimsAndSweepsStrays(KubeApi api, @TempDir Path directory) throws Exception {
        Path manifests = Path.of("..", "k8s", "manifests");
        api.apply(manifests.resolve("namespace.yaml"));
        api.apply(manifests.resolve("rbac").resolve("publisher.yaml"));
        Path account = ServiceAccounts.kubeconfig(api, "publisher", directory.resolve("kubeconfig"));
        try (KubernetesClient admin = api.newClient();
                KubernetesClient publisher = KubernetesConnection.open(Optional.of(account.toString()));
                ClaimWatch watch = ClaimWatch.start(publisher, listener)) {
            admin.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(NAMESPACE)
                            .endMetadata()
                            .build())
                    .serverSideApply();
            ClaimPlace place = new ClaimPlace(watch, new KubernetesVolumes(publisher), Clock.systemUTC());
            await().atMost(SOON).until(watch::synced);
            ImagePublished current = published(version(2));
            assertThat(place.missing(current))
                    .contains("The PersistentVolumeClaim %s/claim-2 is gone.".formatted(NAMESPACE));

            admin.resource(claim(version(1))).create();
            admin.resource(claim(version(2))).create();
            await().atMost(SOON).until(() -> appeared.size() == 2);
            assertThat(appeared).containsOnly(version(2).uid());
            admin.persistentVolumeClaims()
                    .inNamespace(NAMESPACE)
                    .withName("claim-2")
                    .editStatus(it -> new PersistentVolumeClaimBuilder(it)
                            .withNewStatus()
                            .withPhase("Lost")
                            .endStatus()
                            .build());
            await().atMost(SOON)
                    .ignoreException(NoAnswerException.class)
                    .until(() -> place.missing(current).orElse("").endsWith("has lost its volume."));
            await().atMost(SOON).until(() -> !changed.isEmpty());

            place.sweep(version(2), version(2)::isAfter);
            await().atMost(SOON).untilAsserted(() -> assertThat(names(admin)).containsExactly("claim-2"));
            place.sweep(version(2), version -> true);
            await().atMost(SOON).untilAsserted(() -> assertThat(names(admin)).isEmpty());
            await().atMost(SOON).until(() -> place.missing(current).orElse("").endsWith("is gone."));
            assertThat(changed).containsOnly(version(2).uid());
        }
    }

    private static List<String> names(KubernetesClient admin) {
        return admin.persistentVolumeClaims().inNamespace(NAMESPACE).list().getItems().stream()
                .map(claim -> claim.getMetadata().getName())
                .toList();
    }
}
