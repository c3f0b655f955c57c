package io.virtualimage.fetcher.volume;

import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.virtualimage.fetcher.volume.VolumeObjects.Snapshot;
import io.virtualimage.k8s.volume.VolumeJob;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The Job that reads a volume, and the claim that is made for it from a snapshot.
 *
 * @param snapshot null if the volume is on a claim already
 * @param snapshotName its name; null if there is none
 * @param origin what the snapshot was taken of; null if there is none
 */
record ReadVolumeJob(
        VolumeJob job,
        @Nullable Snapshot snapshot,
        @Nullable String snapshotName,
        @Nullable SnapshotOrigin origin) {

    /** A driver that doesn't say how large a snapshot is makes claims as large as they must be, whatever they ask for. */
    private static final Quantity LEAST = new Quantity("1Mi");

    /**
     * The claim from the snapshot, as large and of the class of the one that the snapshot was taken of.
     *
     * @param made the Job as it stands in the cluster: the claim goes with it
     */
    PersistentVolumeClaim claim(Job made) {
        SnapshotOrigin of = Objects.requireNonNull(origin, "no claim is made without a snapshot");
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace(job.owner().namespace())
                .withName(job.claim())
                .withLabels(job.owner().labels(job.work()))
                .withOwnerReferences(new OwnerReferenceBuilder()
                        .withApiVersion("batch/v1")
                        .withKind("Job")
                        .withName(made.getMetadata().getName())
                        .withUid(made.getMetadata().getUid())
                        .withController(false)
                        .withBlockOwnerDeletion(false)
                        .build())
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(of.storageClass())
                .withVolumeMode(job.mode().wire())
                .withNewDataSource("snapshot.storage.k8s.io", "VolumeSnapshot", snapshotName)
                .withNewResources()
                .addToRequests("storage", size(of))
                .endResources()
                .withAccessModes(of.accessMode())
                .endSpec()
                .build();
    }

    private Quantity size(SnapshotOrigin of) {
        String size = Objects.requireNonNull(snapshot, "no claim is made without a snapshot")
                .restoreSize();
        if (size != null && Quantity.parse(size).getNumericalAmount().signum() > 0) {
            return Quantity.parse(size);
        }
        return Objects.requireNonNullElse(of.size(), LEAST);
    }
}
