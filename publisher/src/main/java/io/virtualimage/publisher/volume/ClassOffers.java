package io.virtualimage.publisher.volume;

import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.virtualimage.k8s.volume.VolumeMode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a storage class offers: what its annotations say, which are those of the platform's disks; else the best of what
 * the platform's StorageProfile of that name lists (devices before file systems, many nodes before one); else what every
 * class can do, a file system on one node.
 */
final class ClassOffers {
    static final String VOLUME_MODE = "virtualdisk.virtualization.deckhouse.io/volume-mode";
    static final String ACCESS_MODE = "virtualdisk.virtualization.deckhouse.io/access-mode";
    static final String DEFAULT = "storageclass.kubernetes.io/is-default-class";
    private static final String OLDER_DEFAULT = "storageclass.beta.kubernetes.io/is-default-class";

    private ClassOffers() {}

    /** The class that counts where none is named: the newest of those that say so. */
    static Optional<StorageClass> ofDefault(Collection<StorageClass> classes) {
        return classes.stream()
                .filter(each -> each.getMetadata().getDeletionTimestamp() == null)
                .filter(each ->
                        "true".equals(annotation(each, DEFAULT)) || "true".equals(annotation(each, OLDER_DEFAULT)))
                .max(Comparator.comparing(
                        each -> String.valueOf(each.getMetadata().getCreationTimestamp())));
    }

    /** @param propertySets {@code status.claimPropertySets} of the StorageProfile; null if there is none */
    static ClassOffer of(StorageClass storageClass, @Nullable Object propertySets) {
        String name = storageClass.getMetadata().getName();
        String mode = annotation(storageClass, VOLUME_MODE);
        String access = annotation(storageClass, ACCESS_MODE);
        VolumeMode fixed = mode == null ? null : VolumeMode.of(mode);
        ClassOffer best = listed(name, propertySets).stream()
                .filter(offer -> fixed == null || offer.mode() == fixed)
                .max(Comparator.<ClassOffer, Boolean>comparing(offer -> offer.mode() == VolumeMode.BLOCK)
                        .thenComparing(ClassOffer::shared))
                .orElse(new ClassOffer(name, fixed == null ? VolumeMode.FILESYSTEM : fixed, false));
        return access == null ? best : new ClassOffer(name, best.mode(), ClassOffer.isShared(access));
    }

    private static List<ClassOffer> listed(String name, @Nullable Object propertySets) {
        List<ClassOffer> offers = new ArrayList<>();
        if (propertySets instanceof Collection<?> sets) {
            for (Object each : sets) {
                if (each instanceof Map<?, ?> set && set.get("accessModes") instanceof Collection<?> modes) {
                    VolumeMode mode = VolumeMode.of(set.get("volumeMode") instanceof String said ? said : null);
                    boolean shared = modes.stream().anyMatch(it -> ClassOffer.isShared(String.valueOf(it)));
                    offers.add(new ClassOffer(name, mode, shared));
                }
            }
        }
        return offers;
    }

    private static @Nullable String annotation(StorageClass storageClass, String name) {
        Map<String, String> annotations = storageClass.getMetadata().getAnnotations();
        return annotations == null ? null : annotations.get(name);
    }
}
