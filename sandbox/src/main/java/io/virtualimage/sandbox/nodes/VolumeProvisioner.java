package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.TypedLocalObjectReference;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Makes volumes for the claims that the controller manager hands to {@link LocalStorage#PROVISIONER}, which does the
 * binding, and removes them when it has released them. A claim's {@code dataSource} may be a VolumeSnapshot or another
 * claim, of the same namespace. A folder holds as much as the disk has room for, whatever the claim says.
 */
final class VolumeProvisioner {
    static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";
    private static final String WHO_SHALL = "volume.kubernetes.io/storage-provisioner";
    private static final String WHO_DID = "pv.kubernetes.io/provisioned-by";
    private static final String NAME_PREFIX = "pvc-";

    private final KubernetesClient client;
    private final ClusterView view;
    private final VolumeFiles volumes;
    private final VolumeFiles snapshots;
    private final Chores chores;
    private final ClaimEvents events;

    VolumeProvisioner(
            KubernetesClient client,
            ClusterView view,
            VolumeFiles volumes,
            VolumeFiles snapshots,
            Chores chores,
            ClaimEvents events) {
        this.client = client;
        this.view = view;
        this.volumes = volumes;
        this.snapshots = snapshots;
        this.chores = chores;
        this.events = events;
    }

    private static String nameFor(PersistentVolumeClaim claim) {
        return NAME_PREFIX + claim.getMetadata().getUid();
    }

    private static String chore(String volume) {
        return "volume " + volume;
    }

    /** Makes the volume of a claim, if it is time. */
    void provision(PersistentVolumeClaim claim) {
        String name = nameFor(claim);
        if (claim.getSpec().getVolumeName() != null
                || claim.getMetadata().getDeletionTimestamp() != null
                || !LocalStorage.PROVISIONER.equals(annotation(claim, WHO_SHALL))
                || view.volume(name).isPresent()) {
            return;
        }
        @Nullable
        StorageClass type = Optional.ofNullable(claim.getSpec().getStorageClassName())
                .flatMap(view::storageClass)
                .orElse(null);
        boolean waits = type != null && LocalStorage.WAIT_FOR_FIRST_CONSUMER.equals(type.getVolumeBindingMode());
        if (type == null || (waits && annotation(claim, SELECTED_NODE) == null)) {
            return;
        }
        boolean block = "Block".equals(claim.getSpec().getVolumeMode());
        long lengthBytes = LocalStorage.bytes(request(claim));
        @Nullable TypedLocalObjectReference source = claim.getSpec().getDataSource();
        if (source == null && claim.getSpec().getDataSourceRef() != null) {
            events.provisioningFailed(
                    claim,
                    "no volume is filled from a "
                            + claim.getSpec().getDataSourceRef().getKind());
            return;
        }
        if (source == null) {
            chores.start(chore(name), () -> {
                volumes.create(name, block, lengthBytes);
                announce(claim, type, name);
            });
            return;
        }
        contentOf(source, claim)
                .ifPresent(content -> chores.start(chore(name), () -> {
                    volumes.copy(content, name, lengthBytes);
                    announce(claim, type, name);
                }));
    }

    /** Where to copy from; empty if that isn't there yet, or nothing for this claim. */
    private Optional<Path> contentOf(TypedLocalObjectReference source, PersistentVolumeClaim claim) {
        String namespace = claim.getMetadata().getNamespace();
        if (source.getKind().equals("VolumeSnapshot")) {
            return view.snapshot(namespace, source.getName())
                    .filter(VolumeSnapshotter::isReady)
                    .filter(snapshot -> fits(snapshot, claim))
                    .map(snapshot -> snapshots.path(snapshot.getMetadata().getUid()));
        }
        if (source.getKind().equals("PersistentVolumeClaim")) {
            return view.claim(namespace, source.getName())
                    .flatMap(other -> Optional.ofNullable(other.getSpec().getVolumeName()))
                    .filter(volumes::exists)
                    .map(volumes::path);
        }
        events.provisioningFailed(claim, "no volume is filled from a " + source.getKind());
        return Optional.empty();
    }

    private boolean fits(GenericKubernetesResource snapshot, PersistentVolumeClaim claim) {
        boolean fits = VolumeSnapshotter.restoreSizeBytes(snapshot) <= LocalStorage.bytes(request(claim));
        if (!fits) {
            events.provisioningFailed(
                    claim,
                    "it asks for less than what snapshot "
                            + snapshot.getMetadata().getName() + " was taken of");
        }
        return fits;
    }

    private static Quantity request(PersistentVolumeClaim claim) {
        return Objects.requireNonNull(
                claim.getSpec().getResources().getRequests().get("storage"), "always asked for");
    }

    private static @Nullable String annotation(PersistentVolumeClaim claim, String name) {
        return claim.getMetadata().getAnnotations().get(name);
    }

    private void announce(PersistentVolumeClaim claim, StorageClass type, String name) {
        PersistentVolume volume = new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToAnnotations(WHO_DID, LocalStorage.PROVISIONER)
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(type.getMetadata().getName())
                .withPersistentVolumeReclaimPolicy(type.getReclaimPolicy())
                .withVolumeMode(claim.getSpec().getVolumeMode())
                .withAccessModes(claim.getSpec().getAccessModes())
                .addToCapacity("storage", request(claim))
                .withNewLocal()
                .withPath(volumes.path(name).toString())
                .endLocal()
                .withNewNodeAffinity()
                .withNewRequired()
                .addNewNodeSelectorTerm()
                .addNewMatchExpression()
                .withKey("kubernetes.io/hostname")
                .withOperator("In")
                .withValues(NodeRunner.NODE)
                .endMatchExpression()
                .endNodeSelectorTerm()
                .endRequired()
                .endNodeAffinity()
                .withNewClaimRef()
                .withApiVersion("v1")
                .withKind("PersistentVolumeClaim")
                .withNamespace(claim.getMetadata().getNamespace())
                .withName(claim.getMetadata().getName())
                .withUid(claim.getMetadata().getUid())
                .endClaimRef()
                .endSpec()
                .build();
        client.resource(volume).create();
    }

    /** Removes a volume that its claim has left, and what was in it. */
    void reclaim(PersistentVolume volume) {
        String name = volume.getMetadata().getName();
        boolean released = volume.getStatus() != null
                && "Released".equals(volume.getStatus().getPhase());
        if (!released
                || volume.getMetadata().getDeletionTimestamp() != null
                || !LocalStorage.PROVISIONER.equals(
                        volume.getMetadata().getAnnotations().get(WHO_DID))
                || !"Delete".equals(volume.getSpec().getPersistentVolumeReclaimPolicy())) {
            return;
        }
        chores.start(chore(name), () -> {
            volumes.delete(name);
            client.resource(volume).delete();
        });
    }

    /** Removes what belongs to neither a volume nor a claim that is to get one. */
    void sweep() throws IOException {
        Set<String> known = new TreeSet<>();
        view.claims().forEach(claim -> known.add(nameFor(claim)));
        view.volumes().forEach(volume -> known.add(volume.getMetadata().getName()));
        for (String file : volumes.names()) {
            String name = file.replaceFirst("\\.partial$", "");
            if (!known.contains(name) && !chores.isBusy(chore(name))) {
                volumes.delete(file);
            }
        }
    }
}
