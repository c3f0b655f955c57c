package io.virtualimage.publisher.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.virtualimage.k8s.volume.VolumeMode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClassOffersTest {
    private static StorageClass named(String name, String created, Map<String, String> annotations) {
        return new StorageClassBuilder()
                .withNewMetadata()
                .withName(name)
                .withCreationTimestamp(created)
                .withAnnotations(annotations)
                .endMetadata()
                .withProvisioner("example.com/disks")
                .build();
    }

    private static ClassOffer offer(Map<String, String> annotations, Object sets) {
        return ClassOffers.of(named("fast", "2026-01-01T00:00:00Z", annotations), sets);
    }

    private static Map<String, Object> set(String mode, String... accessModes) {
        return mode == null
                ? Map.of("accessModes", List.of(accessModes))
                : Map.of("accessModes", List.of(accessModes), "volumeMode", mode);
    }

    @Test
    void withoutAWordItIsAFileSystemOnOneNode() {
        ClassOffer least = new ClassOffer("fast", VolumeMode.FILESYSTEM, false);
        assertThat(offer(Map.of(), null)).isEqualTo(least);
        assertThat(offer(null, List.of())).isEqualTo(least);
        assertThat(offer(Map.of(), "nonsense")).isEqualTo(least);
        assertThat(least.accessMode()).isEqualTo("ReadWriteOnce");
    }

    @Test
    void theBestOfAProfileIsTakenDevicesFirst() {
        assertThat(offer(
                        Map.of(),
                        List.of(
                                set("Filesystem", "ReadWriteMany"),
                                set("Block", "ReadWriteOnce"),
                                set("Block", "ReadWriteOnce", "ReadWriteMany"))))
                .isEqualTo(new ClassOffer("fast", VolumeMode.BLOCK, true));
        assertThat(offer(Map.of(), List.of(set("Filesystem", "ReadWriteMany"), set("Block", "ReadWriteOnce"))))
                .isEqualTo(new ClassOffer("fast", VolumeMode.BLOCK, false));
        assertThat(offer(Map.of(), List.of(set(null, "ReadWriteMany"))))
                .isEqualTo(new ClassOffer("fast", VolumeMode.FILESYSTEM, true));
    }

    @Test
    void annotationsOfTheClassWin() {
        List<Object> sets = List.of(set("Block", "ReadWriteMany"), set("Filesystem", "ReadWriteOnce"));
        assertThat(offer(Map.of(ClassOffers.VOLUME_MODE, "Filesystem"), sets))
                .isEqualTo(new ClassOffer("fast", VolumeMode.FILESYSTEM, false));
        assertThat(offer(Map.of(ClassOffers.ACCESS_MODE, "ReadWriteOnce"), sets))
                .isEqualTo(new ClassOffer("fast", VolumeMode.BLOCK, false));
        assertThat(offer(Map.of(ClassOffers.VOLUME_MODE, "Block", ClassOffers.ACCESS_MODE, "ReadWriteMany"), null))
                .isEqualTo(new ClassOffer("fast", VolumeMode.BLOCK, true));
    }

    @Test
    void theNewestDefaultCounts() {
        StorageClass old = named("old", "2025-01-01T00:00:00Z", Map.of(ClassOffers.DEFAULT, "true"));
        StorageClass young = named("young", "2026-01-01T00:00:00Z", Map.of(ClassOffers.DEFAULT, "true"));
        StorageClass other = named("other", "2026-02-01T00:00:00Z", Map.of(ClassOffers.DEFAULT, "false"));
        assertThat(ClassOffers.ofDefault(List.of(young, old, other))).contains(young);
        assertThat(ClassOffers.ofDefault(List.of(other))).isEmpty();
    }

    @Test
    void aClaimIsWholeMebibytesAndLeavesRoomForTheFileSystem() {
        long mib = 1 << 20;
        assertThat(ClaimManifest.size(VolumeMode.BLOCK, 10 * mib, 0.055)).isEqualTo(10 * mib);
        assertThat(ClaimManifest.size(VolumeMode.BLOCK, 10 * mib + 512, 0.055)).isEqualTo(11 * mib);
        assertThat(ClaimManifest.size(VolumeMode.FILESYSTEM, 10 * mib, 0)).isEqualTo(10 * mib);
        assertThat(ClaimManifest.size(VolumeMode.FILESYSTEM, 945 * mib, 0.055)).isEqualTo(1000 * mib);
    }
}
