package io.virtualimage.sandbox.endtoend;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A VirtualDisk on a claim, and machines that it is attached to: what the platform's own controllers would make. Only
 * the objects are made; nothing runs.
 */
record MachineDisk(World world, String name, ClaimedDisk claimed) {
    /** A disk that is Ready, a third of it data, attached to nothing. */
    static MachineDisk create(World world, String name, long lengthBytes) throws Exception {
        ClaimedDisk claimed = ClaimedDisk.create(world, "vd-" + name, "local-immediate", lengthBytes + (16 << 20));
        SampleImages.writeRaw(claimed.file(), lengthBytes, lengthBytes / 3, name.hashCode());
        MachineDisk disk = new MachineDisk(world, name, claimed);
        PlatformObjects.VIRTUAL_DISK.put(world, name, disk.status(List.of()));
        return disk;
    }

    private Map<String, Object> status(List<String> machines) {
        return Map.of(
                "phase",
                "Ready",
                "target",
                Map.of("persistentVolumeClaimName", claimed.claim()),
                "attachedToVirtualMachines",
                machines.stream()
                        .map(machine -> Map.of("name", machine, "mounted", true))
                        .toList());
    }

    /** Attaches it to a machine that is in the given phase. */
    void attachTo(String machine, String phase) {
        setPhaseOf(machine, phase);
        PlatformObjects.VIRTUAL_DISK.put(world, name, status(List.of(machine)));
    }

    void setPhaseOf(String machine, String phase) {
        PlatformObjects.VIRTUAL_MACHINE.put(
                world,
                machine,
                Map.of("phase", phase, "blockDeviceRefs", List.of(Map.of("kind", "VirtualDisk", "name", name))));
    }

    /** Takes it off every machine; they go. */
    void detach() {
        PlatformObjects.VIRTUAL_MACHINE.deleteAll(world);
        PlatformObjects.VIRTUAL_DISK.put(world, name, status(List.of()));
    }

    /** An image file in qcow2 holds the same disk. */
    void assertSameAs(Path image) throws Exception {
        claimed.assertSameAs(world, image, "qcow2");
    }
}
