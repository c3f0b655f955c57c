package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Copies the content of a claim for each VolumeSnapshot that names it, as soon as it is bound. */
final class VolumeSnapshotter {
    private final KubernetesClient client;
    private final ClusterView view;
    private final VolumeFiles volumes;
    private final VolumeFiles snapshots;
    private final Chores chores;

    VolumeSnapshotter(
            KubernetesClient client, ClusterView view, VolumeFiles volumes, VolumeFiles snapshots, Chores chores) {
        this.client = client;
        this.view = view;
        this.volumes = volumes;
        this.snapshots = snapshots;
        this.chores = chores;
    }

    static boolean isReady(GenericKubernetesResource snapshot) {
        return Boolean.TRUE.equals(snapshot.<Object>get("status", "readyToUse"));
    }

    static long restoreSizeBytes(GenericKubernetesResource snapshot) {
        @Nullable Object size = snapshot.get("status", "restoreSize");
        return size == null ? 0 : LocalStorage.bytes(Quantity.parse(size.toString()));
    }

    private static String chore(String uid) {
        return "snapshot " + uid;
    }

    /** Takes the snapshot, if it is time. */
    void take(GenericKubernetesResource snapshot) {
        if (isReady(snapshot) || snapshot.getMetadata().getDeletionTimestamp() != null) {
            return;
        }
        @Nullable String claimName = snapshot.get("spec", "source", "persistentVolumeClaimName");
        Optional<PersistentVolumeClaim> claim = Optional.ofNullable(claimName)
                .flatMap(name -> view.claim(snapshot.getMetadata().getNamespace(), name))
                .filter(found -> found.getStatus() != null
                        && "Bound".equals(found.getStatus().getPhase())
                        && volumes.exists(found.getSpec().getVolumeName()));
        if (claim.isEmpty()) {
            return;
        }
        String uid = snapshot.getMetadata().getUid();
        String volume = claim.get().getSpec().getVolumeName();
        String size = String.valueOf(claim.get().getStatus().getCapacity().get("storage"));
        chores.start(chore(uid), () -> {
            snapshots.copy(volumes.path(volume), uid, 0);
            announce(snapshot, size);
        });
    }

    private void announce(GenericKubernetesResource snapshot, String size) {
        String patch = client.getKubernetesSerialization()
                .asJson(Map.of(
                        "metadata",
                        Map.of("uid", snapshot.getMetadata().getUid()),
                        "status",
                        Map.of(
                                "readyToUse",
                                true,
                                "restoreSize",
                                size,
                                "boundVolumeSnapshotContentName",
                                "snapcontent-" + snapshot.getMetadata().getUid())));
        client.genericKubernetesResources(ClusterView.SNAPSHOT)
                .inNamespace(snapshot.getMetadata().getNamespace())
                .withName(snapshot.getMetadata().getName())
                .subresource("status")
                .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
    }

    /** Removes what no snapshot stands for any more. */
    void sweep() throws IOException {
        Set<String> known = view.snapshots().stream()
                .map(snapshot -> snapshot.getMetadata().getUid())
                .collect(Collectors.toSet());
        for (String file : snapshots.names()) {
            String uid = file.replaceFirst("\\.partial$", "");
            if (!known.contains(uid) && !chores.isBusy(chore(uid))) {
                snapshots.delete(file);
            }
        }
    }
}
