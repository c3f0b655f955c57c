package io.virtualimage.fetcher.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.virtualimage.fetcher.volume.VolumeObjects.Snapshot;
import io.virtualimage.k8s.volume.VolumeMode;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the claim was like that a VolumeSnapshot was taken of, and so what one that is made from it has to be like.
 *
 * @param accessMode one that the driver offers
 * @param size of that claim; null if it isn't known
 */
record SnapshotOrigin(
        String storageClass,
        VolumeMode mode,
        String accessMode,
        @Nullable Quantity size) {

    /** Of a VolumeSnapshot, by the platform that took it; the second of each is what older versions wrote. */
    private static final List<String> STORAGE_CLASS =
            List.of("virtualization.deckhouse.io/storage-class-name", "storageClass");

    private static final List<String> VOLUME_MODE = List.of("virtualization.deckhouse.io/volume-mode", "volumeMode");
    private static final List<String> ACCESS_MODE = List.of("virtualization.deckhouse.io/access-mode", "accessModes");

    private static final String PLAINEST = "ReadWriteOnce";

    /**
     * What is known: from the claim, and what that doesn't say, or doesn't say any more, from the snapshot's annotations.
     *
     * @param claim that claim, or one that was made like it before; null if both are gone
     * @throws TaskDeferredException if it isn't enough: a claim of a wrong class or mode would never be bound
     */
    static SnapshotOrigin of(
            Snapshot snapshot, String name, @Nullable PersistentVolumeClaim claim, Task.ReadVolume task)
            throws TaskDeferredException {
        Map<String, String> said = snapshot.annotations();
        String storageClass = or(claim == null ? null : claim.getSpec().getStorageClassName(), said, STORAGE_CLASS);
        String mode = or(claim == null ? null : claim.getSpec().getVolumeMode(), said, VOLUME_MODE);
        List<String> unknown = new ArrayList<>();
        if (storageClass == null) {
            unknown.add("storage class");
        }
        if (mode == null) {
            unknown.add("volume mode");
        }
        if (storageClass == null || mode == null) {
            throw TaskDeferredException.source(
                    FailureReason.SOURCE_UNAVAILABLE,
                    "the VolumeSnapshot %s of the %s %s can't be restored: neither its annotations nor the claim that it was taken of tell the %s"
                            .formatted(
                                    name,
                                    task.source().kind().wireName(),
                                    task.source().name(),
                                    String.join(" and the ", unknown)),
                    null);
        }
        return new SnapshotOrigin(storageClass, VolumeMode.of(mode), accessMode(claim, said), size(claim));
    }

    private static @Nullable String or(@Nullable String first, Map<String, String> said, List<String> names) {
        return Optional.ofNullable(first)
                .filter(value -> !value.isBlank())
                .or(() -> names.stream()
                        .map(name -> said.getOrDefault(name, "").strip())
                        .filter(value -> !value.isEmpty())
                        .findFirst())
                .orElse(null);
    }

    /** What the driver is known to offer; where one is enough, the plainest. */
    private static String accessMode(@Nullable PersistentVolumeClaim claim, Map<String, String> said) {
        List<String> modes = claim == null ? List.of() : claim.getSpec().getAccessModes();
        String first = or(modes.isEmpty() ? null : modes.getFirst(), said, ACCESS_MODE);
        return first == null ? PLAINEST : first.split("[,\\s]", 2)[0];
    }

    private static @Nullable Quantity size(@Nullable PersistentVolumeClaim claim) {
        return claim == null
                ? null
                : claim.getSpec().getResources().getRequests().get("storage");
    }
}
