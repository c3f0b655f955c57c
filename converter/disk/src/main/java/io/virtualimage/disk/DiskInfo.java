package io.virtualimage.disk;

/**
 * What an image is.
 *
 * @param virtualSizeBytes size of the disk that a machine sees, in bytes: above 0, and whole sectors of 512 bytes
 * @param cdrom whether machines get it as a CD-ROM: true for ISO, and for nothing else
 */
public record DiskInfo(DiskFormat format, long virtualSizeBytes, boolean cdrom) {
    /** Virtual sizes are multiples of this. */
    public static final int SECTOR_BYTES = 512;

    public DiskInfo {
        if (virtualSizeBytes <= 0 || virtualSizeBytes % SECTOR_BYTES != 0) {
            throw new IllegalArgumentException(
                    "virtual size must be above 0 and whole sectors of 512 bytes: " + virtualSizeBytes);
        }
        if (cdrom != (format == DiskFormat.ISO)) {
            throw new IllegalArgumentException("only iso is a CD-ROM, and always: " + format.wireName());
        }
    }
}
