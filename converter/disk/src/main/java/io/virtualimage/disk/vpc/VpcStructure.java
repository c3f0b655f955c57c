package io.virtualimage.disk.vpc;

import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.nio.ByteBuffer;

/** What footer and dynamic header have in common. */
final class VpcStructure {
    private VpcStructure() {}

    /** The complement of the sum of all bytes but the checksum's. */
    static int checksum(ByteBuffer structure, int checksumOffset) {
        int sum = 0;
        for (int i = 0; i < structure.limit(); i++) {
            if (i < checksumOffset || i >= checksumOffset + Integer.BYTES) {
                sum += Byte.toUnsignedInt(structure.get(i));
            }
        }
        return ~sum;
    }

    static void checkChecksum(String name, ByteBuffer structure, long offset, int checksumOffset)
            throws MalformedDiskException {
        int said = structure.getInt(checksumOffset);
        int actual = checksum(structure, checksumOffset);
        if (said != actual) {
            throw new MalformedDiskException(
                    offset + checksumOffset,
                    "vpc: the %s is damaged: its checksum is 0x%08x, but it says 0x%08x".formatted(name, actual, said));
        }
    }

    static void checkVersion(String name, ByteBuffer structure, long offset, int versionOffset)
            throws UnsupportedDiskException {
        int version = structure.getInt(versionOffset);
        if (version >>> 16 != VpcFormat.VERSION_1_0 >>> 16) {
            throw new UnsupportedDiskException(
                    offset + versionOffset,
                    "vpc: version %d.%d of the %s is not supported, only 1.0 is"
                            .formatted(version >>> 16, version & 0xffff, name));
        }
    }
}
