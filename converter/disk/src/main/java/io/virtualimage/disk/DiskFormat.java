package io.virtualimage.disk;

import java.util.Arrays;
import java.util.Optional;

/** The formats that an image can have, by the names that users see in {@code status.format}. */
public enum DiskFormat {
    QCOW2("qcow2"),
    RAW("raw"),
    VMDK("vmdk"),
    VDI("vdi"),
    /** Virtual PC, whose files are called VHD. */
    VPC("vpc"),
    VHDX("vhdx"),
    /** ISO 9660 or UDF. */
    ISO("iso");

    private final String wireName;

    DiskFormat(String wireName) {
        this.wireName = wireName;
    }

    /** The name in events and in the status; a contract. */
    public String wireName() {
        return wireName;
    }

    /** The format of that wire name; empty if there is none. */
    public static Optional<DiskFormat> ofWireName(String wireName) {
        return Arrays.stream(values())
                .filter(format -> format.wireName.equals(wireName))
                .findFirst();
    }
}
