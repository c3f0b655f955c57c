package io.virtualimage.publisher.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.virtualimage.k8s.volume.ImageOwner;
import io.virtualimage.k8s.volume.VolumeMode;
import io.virtualimage.k8s.volume.VolumeWork;
import io.virtualimage.topics.Incarnation;
import java.util.Map;

/** What a claim for an image looks like. */
final class ClaimManifest {
    private static final long MIB = 1L << 20;

    private ClaimManifest() {}

    /**
     * A claim that holds a disk. It has no owner reference: the garbage collector would delete it at once with an image
     * whose deletion was asked for in the foreground and waits for a machine.
     *
     * @param overhead the part of a file system that files can't have, from 0 to below 1
     */
    static PersistentVolumeClaim of(Incarnation image, String name, ClassOffer offer, long diskBytes, double overhead) {
        ImageOwner owner = owner(image);
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace(image.namespace())
                .withName(name)
                .withLabels(owner.labels(VolumeWork.FILL))
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(offer.storageClass())
                .withVolumeMode(offer.mode().wire())
                .withAccessModes(offer.accessMode())
                .withNewResources()
                .withRequests(Map.of("storage", new Quantity(size(offer.mode(), diskBytes, overhead) / MIB + "Mi")))
                .endResources()
                .endSpec()
                .build();
    }

    /** In whole MiB. A device holds nothing but the disk. */
    static long size(VolumeMode mode, long diskBytes, double overhead) {
        long needed = switch (mode) {
            case BLOCK -> diskBytes;
            case FILESYSTEM -> (long) Math.ceil(diskBytes / (1 - overhead));
        };
        return Math.ceilDiv(needed, MIB) * MIB;
    }

    static ImageOwner owner(Incarnation image) {
        return new ImageOwner(image.namespace(), image.name(), image.uid(), image.generation(), image.run());
    }
}
