package io.virtualimage.disk.iso;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * What the volume recognition sequence says, the run of descriptors that begins at 32 KiB. Reads nothing outside
 * 32 KiB to {@link IsoFormat#RECOGNITION_END}.
 *
 * @param iso9660 there are descriptors of ISO 9660
 * @param udf there is an ECMA-167 volume, which in practice is UDF; both together are usual
 */
public record VolumeRecognition(boolean iso9660, boolean udf) {
    private static final VolumeRecognition NOTHING = new VolumeRecognition(false, false);
    private static final Set<String> KNOWN = Set.of(
            IsoFormat.ISO_9660,
            IsoFormat.EXTENDED_AREA_BEGIN,
            IsoFormat.NSR_2,
            IsoFormat.NSR_3,
            IsoFormat.BOOT,
            IsoFormat.ECMA_168,
            IsoFormat.EXTENDED_AREA_END);

    public boolean isDisc() {
        return iso9660 || udf;
    }

    /**
     * Reads the sequence; a source without one, or too short for one, is no disc.
     *
     * @throws MalformedDiskException if it is a disc that is cut short or has no primary volume descriptor
     * @throws UnsupportedDiskException if it has blocks of a size that does not exist
     */
    public static VolumeRecognition read(ByteSource source)
            throws IOException, MalformedDiskException, UnsupportedDiskException {
        VolumeRecognition found = read(source, IsoFormat.SECTOR_BYTES);
        return found.isDisc() ? found : read(source, IsoFormat.LARGE_SECTOR_BYTES);
    }

    private static VolumeRecognition read(ByteSource source, int stepBytes)
            throws IOException, MalformedDiskException, UnsupportedDiskException {
        boolean iso9660 = false;
        boolean primary = false;
        boolean extendedArea = false;
        boolean udf = false;
        for (int i = 0; i < IsoFormat.MAX_DESCRIPTORS; i++) {
            long offset = IsoFormat.SYSTEM_AREA_BYTES + (long) i * stepBytes;
            if (source.lengthBytes() - offset < IsoFormat.SECTOR_BYTES) {
                break;
            }
            ByteBuffer descriptor = source.read(offset, IsoFormat.SECTOR_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            String identifier = StandardCharsets.ISO_8859_1
                    .decode(descriptor.slice(IsoFormat.IDENTIFIER_OFFSET, IsoFormat.IDENTIFIER_BYTES))
                    .toString();
            if (!KNOWN.contains(identifier)) {
                break;
            }
            switch (identifier) {
                case IsoFormat.ISO_9660 -> {
                    iso9660 = true;
                    if (descriptor.get(IsoFormat.TYPE_OFFSET) == IsoFormat.TYPE_PRIMARY) {
                        primary = true;
                        checkPrimary(descriptor, offset, source.lengthBytes());
                    }
                }
                case IsoFormat.EXTENDED_AREA_BEGIN -> extendedArea = true;
                case IsoFormat.NSR_2, IsoFormat.NSR_3 -> udf |= extendedArea;
                default -> {
                    // Says nothing about the kind of disc.
                }
            }
        }
        if (iso9660 && !primary && !udf) {
            throw new MalformedDiskException(IsoFormat.SYSTEM_AREA_BYTES, "iso: there is no primary volume descriptor");
        }
        return iso9660 || udf ? new VolumeRecognition(iso9660, udf) : NOTHING;
    }

    private static void checkPrimary(ByteBuffer descriptor, long offset, long fileLengthBytes)
            throws MalformedDiskException, UnsupportedDiskException {
        // Only the little-endian halves count, as for Linux: some programs leave the others empty.
        int blockBytes = Short.toUnsignedInt(descriptor.getShort(IsoFormat.BLOCK_BYTES_OFFSET));
        if (blockBytes != 512 && blockBytes != 1024 && blockBytes != 2048) {
            throw new UnsupportedDiskException(
                    offset + IsoFormat.BLOCK_BYTES_OFFSET,
                    "iso: logical blocks of %d bytes are not supported, only of 512, 1024 and 2048"
                            .formatted(blockBytes));
        }
        long blocks = Integer.toUnsignedLong(descriptor.getInt(IsoFormat.VOLUME_BLOCKS_OFFSET));
        if (blocks * blockBytes > fileLengthBytes) {
            throw new MalformedDiskException(
                    offset + IsoFormat.VOLUME_BLOCKS_OFFSET,
                    "iso: the file is cut short: the volume has %d bytes, but the file only %d"
                            .formatted(blocks * blockBytes, fileLengthBytes));
        }
    }
}
