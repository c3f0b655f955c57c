package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.UntrustedText;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The header extensions: a list of typed blocks between the header and the end of the first cluster. Knows where the
 * ones of interest are; a backing format without a backing file and unknown types are passed over.
 */
final class Qcow2Extensions {
    private static final int SHOWN_CHARS = 100;

    /** The first cluster, or the part of it that there is. */
    private final ByteBuffer cluster;

    private @Nullable Extension featureNames;
    private @Nullable Extension dataFile;
    private @Nullable Extension encryption;
    private @Nullable Extension bitmaps;

    /** @param offset of the extension's data, in bytes from the start of the file, and thus of the cluster */
    private record Extension(int offset, int lengthBytes) {}

    private Qcow2Extensions(ByteBuffer cluster) {
        this.cluster = cluster;
    }

    /**
     * @param cluster the first cluster from its start; shorter if the file is
     * @param start offset of the first extension in bytes: the length of the header
     */
    static Qcow2Extensions parse(ByteBuffer cluster, int start) throws MalformedDiskException {
        Qcow2Extensions extensions = new Qcow2Extensions(cluster);
        int end = cluster.limit();
        int offset = start;
        // The mark of the end may be left out only if the list fills the cluster.
        while (offset < end) {
            if (end - offset < Qcow2Format.EXTENSION_HEADER_BYTES) {
                throw new MalformedDiskException(offset, "qcow2: the list of header extensions is cut off");
            }
            int type = cluster.getInt(offset);
            if (type == Qcow2Format.EXTENSION_END) {
                return extensions;
            }
            long lengthBytes = Integer.toUnsignedLong(cluster.getInt(offset + 4));
            int data = offset + Qcow2Format.EXTENSION_HEADER_BYTES;
            if (lengthBytes > end - data) {
                throw new MalformedDiskException(
                        offset,
                        "qcow2: the header extension 0x%08x says that it is %d bytes long, but only %d are left"
                                .formatted(type, lengthBytes, end - data));
            }
            extensions.found(type, new Extension(data, (int) lengthBytes));
            long next = data
                    + Math.ceilDiv(lengthBytes, Qcow2Format.EXTENSION_ALIGNMENT_BYTES)
                            * Qcow2Format.EXTENSION_ALIGNMENT_BYTES;
            offset = (int) Math.min(next, end);
        }
        return extensions;
    }

    private void found(int type, Extension extension) {
        switch (type) {
            case Qcow2Format.EXTENSION_FEATURE_NAMES -> featureNames = extension;
            case Qcow2Format.EXTENSION_DATA_FILE -> dataFile = extension;
            case Qcow2Format.EXTENSION_ENCRYPTION -> encryption = extension;
            case Qcow2Format.EXTENSION_BITMAPS -> bitmaps = extension;
            default -> {
                // The backing format without a backing file says nothing, and unknown types may be ignored.
            }
        }
    }

    /** Refuses a data file that is named here, whether or not the feature bit is set. */
    void refuseDataFile() throws UnsupportedDiskException {
        if (dataFile != null) {
            throw new UnsupportedDiskException(
                    dataFile.offset,
                    "qcow2: the image names an external data file '%s' at offset 0x%x; %s"
                            .formatted(text(dataFile), dataFile.offset, UnsupportedDiskException.OTHER_FILES));
        }
    }

    void refuseEncryption() throws UnsupportedDiskException {
        if (encryption != null) {
            throw new UnsupportedDiskException(encryption.offset, Qcow2HeaderReader.ENCRYPTION_REFUSED);
        }
    }

    /** The name that the image's own table gives to an incompatible feature. */
    Optional<String> incompatibleFeatureName(int bit) {
        if (featureNames == null) {
            return Optional.empty();
        }
        int entries = featureNames.lengthBytes / Qcow2Format.FEATURE_NAME_ENTRY_BYTES;
        for (int i = 0; i < entries; i++) {
            int entry = featureNames.offset + i * Qcow2Format.FEATURE_NAME_ENTRY_BYTES;
            if (cluster.get(entry) == Qcow2Format.FEATURE_TYPE_INCOMPATIBLE && cluster.get(entry + 1) == bit) {
                int nameBytes = 0;
                while (nameBytes < Qcow2Format.FEATURE_NAME_BYTES && cluster.get(entry + 2 + nameBytes) != 0) {
                    nameBytes++;
                }
                return Optional.of(text(new Extension(entry + 2, nameBytes)));
            }
        }
        return Optional.empty();
    }

    /** Checks that the directory of persistent bitmaps lies inside the file; its content does not matter to a copy. */
    void checkBitmaps(int clusterBytes, long fileLengthBytes) throws MalformedDiskException {
        if (bitmaps == null) {
            throw new MalformedDiskException(
                    Qcow2Format.AUTOCLEAR_FEATURES_OFFSET, "qcow2: bitmaps are announced, but there are none");
        }
        if (bitmaps.lengthBytes < Qcow2Format.BITMAPS_EXTENSION_BYTES) {
            throw new MalformedDiskException(bitmaps.offset, "qcow2: the bitmaps extension is too short");
        }
        long length = cluster.getLong(bitmaps.offset + Qcow2Format.BITMAPS_DIRECTORY_LENGTH_OFFSET);
        long offset = cluster.getLong(bitmaps.offset + Qcow2Format.BITMAPS_DIRECTORY_OFFSET_OFFSET);
        if (offset <= 0 || offset % clusterBytes != 0 || length < 0 || length > fileLengthBytes - offset) {
            throw new MalformedDiskException(
                    bitmaps.offset, "qcow2: the directory of bitmaps does not lie inside the file");
        }
    }

    private String text(Extension extension) {
        return UntrustedText.printable(cluster.slice(extension.offset, extension.lengthBytes), SHOWN_CHARS);
    }
}
