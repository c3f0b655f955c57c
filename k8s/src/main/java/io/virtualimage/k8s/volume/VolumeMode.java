package io.virtualimage.k8s.volume;

import org.jspecify.annotations.Nullable;

/** How a claim's volume comes into a Pod; {@code spec.volumeMode} of a claim. */
public enum VolumeMode {
    /** As a device, which is the disk. */
    BLOCK("Block", "/dev/volume"),
    /** As a directory, which holds the disk as {@code disk.img}. */
    FILESYSTEM("Filesystem", "/volume");

    private final String wire;
    private final String path;

    VolumeMode(String wire, String path) {
        this.wire = wire;
        this.path = path;
    }

    /** As it stands in a claim. */
    public String wire() {
        return wire;
    }

    /** Where the program finds it. */
    String path() {
        return path;
    }

    /** Of a claim that says so; one that says nothing has a file system. */
    public static VolumeMode of(@Nullable String wire) {
        return BLOCK.wire.equals(wire) ? BLOCK : FILESYSTEM;
    }
}
