package io.virtualimage.disk.diff;

import io.virtualimage.disk.DiskFormat;

/** The formats that are compared, and what of a map QEMU can be asked about. */
enum DiffFormat {
    QCOW2(DiskFormat.QCOW2, "qcow2", Map.EXACT),
    /**
     * QEMU asks the file system about holes, and so does our source; both may see less than there is, and not at the same
     * time. So only what we call zero is held against QEMU's view.
     */
    RAW(DiskFormat.RAW, "raw", Map.ZEROS_ARE_ZEROS),
    VMDK(DiskFormat.VMDK, "vmdk", Map.EXACT),
    /** What isn't allocated is "present" to QEMU here. */
    VDI(DiskFormat.VDI, "vdi", Map.EXACT_BUT_PRESENCE),
    VPC(DiskFormat.VPC, "vpc", Map.EXACT_BUT_PRESENCE),
    /** QEMU's driver has no answer: it calls all of the disk data. The bytes have to do. */
    VHDX(DiskFormat.VHDX, "vhdx", Map.UNKNOWN),
    ISO(DiskFormat.ISO, "raw", Map.ZEROS_ARE_ZEROS);

    /** How far QEMU's map is a judge of ours. */
    enum Map {
        EXACT,
        EXACT_BUT_PRESENCE,
        ZEROS_ARE_ZEROS,
        UNKNOWN
    }

    private final DiskFormat format;
    private final String qemuName;
    private final Map map;

    DiffFormat(DiskFormat format, String qemuName, Map map) {
        this.format = format;
        this.qemuName = qemuName;
        this.map = map;
    }

    DiskFormat format() {
        return format;
    }

    /** What {@code -f} of QEMU's programs takes. */
    String qemuName() {
        return qemuName;
    }

    Map map() {
        return map;
    }
}
