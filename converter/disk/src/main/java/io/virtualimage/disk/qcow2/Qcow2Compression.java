package io.virtualimage.disk.qcow2;

/** How the compressed clusters of an image are compressed: all of them the same way. */
public enum Qcow2Compression {
    /** Raw deflate with a window of 4 KiB. */
    ZLIB,
    ZSTD
}
