package io.virtualimage.disk.diff;

import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.ExtentWalk;
import tools.jackson.databind.JsonNode;

/** Our map beside the one of {@code qemu-img map}. */
final class MapComparison {
    private final DiffFormat.Map rule;

    MapComparison(DiffFormat.Map rule) {
        this.rule = rule;
    }

    /**
     * Goes through both, and compares them wherever one of them changes.
     *
     * @param disk reads from a source that knows no holes, unless zeros need only be zeros: tables are compared
     */
    void compare(VirtualDisk disk, JsonNode qemuMap) throws Exception {
        if (rule == DiffFormat.Map.UNKNOWN) {
            return;
        }
        ExtentWalk walk = new ExtentWalk(disk);
        Extent extent = walk.next();
        int entry = 0;
        long position = 0;
        while (extent != null && entry < qemuMap.size()) {
            JsonNode qemu = qemuMap.get(entry);
            compare(extent, qemu);
            long qemuEnd = qemu.get("start").asLong() + qemu.get("length").asLong();
            position = Math.min(extent.end(), qemuEnd);
            if (qemuEnd == position) {
                entry++;
            }
            if (extent.end() == position) {
                extent = walk.next();
            }
        }
        if (extent != null || entry < qemuMap.size() || position != disk.info().virtualSizeBytes()) {
            throw new AssertionError("one map ends at %d".formatted(position));
        }
    }

    private void compare(Extent extent, JsonNode qemu) {
        boolean qemuZero = qemu.get("zero").asBoolean();
        boolean qemuData = qemu.get("data").asBoolean();
        boolean agrees = switch (extent) {
            case Extent.Zero zero ->
                rule == DiffFormat.Map.ZEROS_ARE_ZEROS
                        ? qemuZero
                        : qemuZero
                                && !qemuData
                                && (rule != DiffFormat.Map.EXACT
                                        || qemu.get("present").asBoolean() == zero.allocated());
            // QEMU looks through some data into the file: a hole there is data that are zero.
            case Extent.Data data -> rule == DiffFormat.Map.ZEROS_ARE_ZEROS || (qemuData && isAt(data, qemu));
            case Extent.Packed _ -> qemuData && !qemuZero && !qemu.has("offset");
        };
        if (!agrees) {
            throw new AssertionError("the maps disagree: %s, to QEMU %s".formatted(extent, qemu));
        }
    }

    /** The same place in the file. */
    private static boolean isAt(Extent.Data data, JsonNode qemu) {
        return qemu.has("offset")
                && qemu.get("offset").asLong() - qemu.get("start").asLong() == data.sourceOffset() - data.offset();
    }
}
