package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.UntrustedText;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads the header and its extensions, and refuses what is not one self-contained, plain, undamaged disk.
 *
 * <p>Reads the first cluster and nothing else, so 2 MiB at the very most.
 */
public final class Qcow2HeaderReader {
    static final String ENCRYPTION_REFUSED = "qcow2: the image is encrypted; encrypted images are not supported";
    private static final int SHOWN_CHARS = 200;

    private final long fileLengthBytes;
    /** The first cluster, or the part of it that there is; at least the fixed header. */
    private final ByteBuffer cluster;

    private final int version;
    private final int clusterBits;

    private Qcow2HeaderReader(long fileLengthBytes, ByteBuffer cluster, int version, int clusterBits) {
        this.fileLengthBytes = fileLengthBytes;
        this.cluster = cluster;
        this.version = version;
        this.clusterBits = clusterBits;
    }

    /** Whether the bytes, an image's first ones, begin like qcow2 of any version, the long gone first included. */
    public static boolean matches(ByteBuffer head) {
        return head.remaining() >= Integer.BYTES && head.getInt(head.position()) == Qcow2Format.MAGIC;
    }

    /** Reads the header of a source that begins with the magic number. */
    public static Qcow2Header read(ByteSource source) throws IOException, DiskException {
        long length = source.lengthBytes();
        requireLength(length, Qcow2Format.HEADER_V2_BYTES);
        ByteBuffer fixed = source.read(0, Qcow2Format.HEADER_V2_BYTES);
        int version = fixed.getInt(Qcow2Format.VERSION_OFFSET);
        if (version != Qcow2Format.VERSION_2 && version != Qcow2Format.VERSION_3) {
            throw new UnsupportedDiskException(
                    Qcow2Format.VERSION_OFFSET,
                    version == 1
                            ? "qcow: version 1 of the format is not supported; convert the image to qcow2 first"
                            : "qcow2: version %s of the format is not supported, only 2 and 3 are"
                                    .formatted(Integer.toUnsignedString(version)));
        }
        if (version == Qcow2Format.VERSION_3) {
            requireLength(length, Qcow2Format.HEADER_V3_MIN_BYTES);
        }
        int clusterBits = fixed.getInt(Qcow2Format.CLUSTER_BITS_OFFSET);
        if (clusterBits >= 0 && clusterBits < Qcow2Format.MIN_CLUSTER_BITS) {
            throw new MalformedDiskException(
                    Qcow2Format.CLUSTER_BITS_OFFSET,
                    "qcow2: clusters of 2^%d bytes are smaller than the format allows".formatted(clusterBits));
        }
        if (clusterBits < 0 || clusterBits > Qcow2Format.MAX_CLUSTER_BITS) {
            throw new DiskLimitException(
                    Qcow2Format.CLUSTER_BITS_OFFSET,
                    "qcow2: clusters of 2^%s bytes are over the limit of 2 MiB"
                            .formatted(Integer.toUnsignedString(clusterBits)));
        }
        ByteBuffer cluster = source.read(0, (int) Math.min(length, 1L << clusterBits));
        return new Qcow2HeaderReader(length, cluster, version, clusterBits).read();
    }

    private Qcow2Header read() throws DiskException {
        refuseBackingFile();
        if (cluster.getInt(Qcow2Format.CRYPT_METHOD_OFFSET) != 0) {
            throw new UnsupportedDiskException(Qcow2Format.CRYPT_METHOD_OFFSET, ENCRYPTION_REFUSED);
        }
        int headerBytes = headerBytes();
        Qcow2Extensions extensions = Qcow2Extensions.parse(cluster, headerBytes);
        extensions.refuseDataFile();
        extensions.refuseEncryption();
        checkFeatures(extensions);
        Qcow2Compression compression = compression(headerBytes);
        boolean extendedL2 = extendedL2();
        long virtualSizeBytes = virtualSize();
        int l1Entries = checkL1Table(virtualSizeBytes, extendedL2);
        int refcountTableClusters = checkRefcountTable();
        int refcountOrder = refcountOrder();
        int snapshotCount = checkSnapshotTable();
        if (hasAutoclear(Qcow2Format.BITMAPS_AUTOCLEAR_BIT)) {
            extensions.checkBitmaps(1 << clusterBits, fileLengthBytes);
        }
        return new Qcow2Header(
                version,
                clusterBits,
                virtualSizeBytes,
                l1Entries,
                cluster.getLong(Qcow2Format.L1_TABLE_OFFSET_OFFSET),
                cluster.getLong(Qcow2Format.REFCOUNT_TABLE_OFFSET_OFFSET),
                refcountTableClusters,
                refcountOrder,
                snapshotCount,
                cluster.getLong(Qcow2Format.SNAPSHOT_TABLE_OFFSET_OFFSET),
                compression,
                extendedL2,
                has(Qcow2Format.DIRTY_BIT));
    }

    /** CVE-2015-1851 and its kin: whoever follows the name hands a file of the host to the guest. */
    private void refuseBackingFile() throws UnsupportedDiskException {
        long offset = cluster.getLong(Qcow2Format.BACKING_FILE_OFFSET_OFFSET);
        if (offset == 0) {
            return;
        }
        long lengthBytes = Integer.toUnsignedLong(cluster.getInt(Qcow2Format.BACKING_FILE_LENGTH_OFFSET));
        boolean readable = offset > 0
                && lengthBytes <= Qcow2Format.MAX_BACKING_FILE_NAME_BYTES
                && lengthBytes <= cluster.limit() - offset;
        String name = readable
                ? "'%s'".formatted(UntrustedText.printable(cluster.slice((int) offset, (int) lengthBytes), SHOWN_CHARS))
                : "(its name cannot be read)";
        throw new UnsupportedDiskException(
                readable ? offset : Qcow2Format.BACKING_FILE_OFFSET_OFFSET,
                "qcow2: the image names a backing file %s at offset 0x%x; %s"
                        .formatted(name, offset, UnsupportedDiskException.OTHER_FILES));
    }

    private int headerBytes() throws MalformedDiskException {
        if (version == Qcow2Format.VERSION_2) {
            return Qcow2Format.HEADER_V2_BYTES;
        }
        long bytes = Integer.toUnsignedLong(cluster.getInt(Qcow2Format.HEADER_LENGTH_OFFSET));
        if (bytes < Qcow2Format.HEADER_V3_MIN_BYTES || bytes % 8 != 0 || bytes > 1L << clusterBits) {
            throw new MalformedDiskException(
                    Qcow2Format.HEADER_LENGTH_OFFSET,
                    "qcow2: a header length of %d is not a multiple of 8 from 104 to the size of a cluster"
                            .formatted(bytes));
        }
        requireLength(fileLengthBytes, bytes);
        return (int) bytes;
    }

    private void checkFeatures(Qcow2Extensions extensions) throws DiskException {
        // CVE-2024-32498: the data file may be any file of the host, and holds all that the guest would see.
        if (has(Qcow2Format.EXTERNAL_DATA_FILE_BIT)) {
            throw new UnsupportedDiskException(
                    Qcow2Format.INCOMPATIBLE_FEATURES_OFFSET,
                    "qcow2: the image keeps its data in an external data file; "
                            + UnsupportedDiskException.OTHER_FILES);
        }
        for (int bit = Qcow2Format.FIRST_UNKNOWN_BIT; bit < Long.SIZE; bit++) {
            if (has(bit)) {
                throw new UnsupportedDiskException(
                        Qcow2Format.INCOMPATIBLE_FEATURES_OFFSET,
                        "qcow2: the image needs the feature %s(bit %d), which is not supported"
                                .formatted(
                                        extensions
                                                .incompatibleFeatureName(bit)
                                                .map("'%s' "::formatted)
                                                .orElse(""),
                                        bit));
            }
        }
        if (has(Qcow2Format.CORRUPT_BIT)) {
            throw new MalformedDiskException(
                    Qcow2Format.INCOMPATIBLE_FEATURES_OFFSET,
                    "qcow2: the image is marked as corrupt by the program that wrote it last;"
                            + " 'qemu-img check -r all' may repair it");
        }
    }

    private Qcow2Compression compression(int headerBytes) throws DiskException {
        int type = headerBytes > Qcow2Format.COMPRESSION_TYPE_OFFSET
                ? Byte.toUnsignedInt(cluster.get(Qcow2Format.COMPRESSION_TYPE_OFFSET))
                : Qcow2Format.COMPRESSION_ZLIB;
        if (has(Qcow2Format.COMPRESSION_TYPE_BIT) != (type != Qcow2Format.COMPRESSION_ZLIB)) {
            throw new MalformedDiskException(
                    Qcow2Format.COMPRESSION_TYPE_OFFSET,
                    "qcow2: the compression type %d contradicts the feature bit for it".formatted(type));
        }
        return switch (type) {
            case Qcow2Format.COMPRESSION_ZLIB -> Qcow2Compression.ZLIB;
            case Qcow2Format.COMPRESSION_ZSTD -> Qcow2Compression.ZSTD;
            default ->
                throw new UnsupportedDiskException(
                        Qcow2Format.COMPRESSION_TYPE_OFFSET,
                        "qcow2: the compression type %d is not supported, only zlib and zstd are".formatted(type));
        };
    }

    private boolean extendedL2() throws MalformedDiskException {
        boolean extended = has(Qcow2Format.EXTENDED_L2_BIT);
        if (extended && clusterBits < Qcow2Format.EXTENDED_L2_MIN_CLUSTER_BITS) {
            throw new MalformedDiskException(
                    Qcow2Format.CLUSTER_BITS_OFFSET,
                    "qcow2: extended L2 entries need clusters of 16 KiB or more, not of 2^%d bytes"
                            .formatted(clusterBits));
        }
        return extended;
    }

    private long virtualSize() throws DiskException {
        long bytes = cluster.getLong(Qcow2Format.VIRTUAL_SIZE_OFFSET);
        if (bytes < 0) {
            throw new DiskLimitException(
                    Qcow2Format.VIRTUAL_SIZE_OFFSET,
                    "qcow2: a virtual size of %s bytes is over the limit of 8 EiB"
                            .formatted(Long.toUnsignedString(bytes)));
        }
        if (bytes == 0) {
            throw new MalformedDiskException(Qcow2Format.VIRTUAL_SIZE_OFFSET, "qcow2: the virtual size is 0");
        }
        if (bytes % DiskInfo.SECTOR_BYTES != 0) {
            // Some programs round it up and some down, so two readers would see two disks.
            throw new UnsupportedDiskException(
                    Qcow2Format.VIRTUAL_SIZE_OFFSET,
                    "qcow2: the virtual size of %d bytes is not a multiple of 512; resize the image first"
                            .formatted(bytes));
        }
        return bytes;
    }

    private int checkL1Table(long virtualSizeBytes, boolean extendedL2) throws DiskException {
        long entries = Integer.toUnsignedLong(cluster.getInt(Qcow2Format.L1_ENTRIES_OFFSET));
        long lengthBytes = entries * Qcow2Format.L1_ENTRY_BYTES;
        if (lengthBytes > Qcow2Format.MAX_L1_TABLE_BYTES) {
            throw new DiskLimitException(
                    Qcow2Format.L1_ENTRIES_OFFSET,
                    "qcow2: an L1 table of %d bytes is over the limit of 32 MiB".formatted(lengthBytes));
        }
        long needed = Qcow2Header.l1EntriesFor(virtualSizeBytes, clusterBits, extendedL2);
        if (entries < needed) {
            throw new MalformedDiskException(
                    Qcow2Format.L1_ENTRIES_OFFSET,
                    "qcow2: the L1 table has %d entries, but a disk of %d bytes needs %d"
                            .formatted(entries, virtualSizeBytes, needed));
        }
        requireTable("L1 table", Qcow2Format.L1_TABLE_OFFSET_OFFSET, lengthBytes);
        return (int) entries;
    }

    private int checkRefcountTable() throws DiskException {
        long clusters = Integer.toUnsignedLong(cluster.getInt(Qcow2Format.REFCOUNT_TABLE_CLUSTERS_OFFSET));
        if (clusters == 0) {
            throw new MalformedDiskException(
                    Qcow2Format.REFCOUNT_TABLE_CLUSTERS_OFFSET, "qcow2: there is no refcount table");
        }
        long lengthBytes = clusters << clusterBits;
        if (lengthBytes > Qcow2Format.MAX_REFCOUNT_TABLE_BYTES) {
            throw new DiskLimitException(
                    Qcow2Format.REFCOUNT_TABLE_CLUSTERS_OFFSET,
                    "qcow2: a refcount table of %d bytes is over the limit of 8 MiB".formatted(lengthBytes));
        }
        requireTable("refcount table", Qcow2Format.REFCOUNT_TABLE_OFFSET_OFFSET, lengthBytes);
        return (int) clusters;
    }

    private int refcountOrder() throws MalformedDiskException {
        if (version == Qcow2Format.VERSION_2) {
            return Qcow2Format.REFCOUNT_ORDER_V2;
        }
        int order = cluster.getInt(Qcow2Format.REFCOUNT_ORDER_OFFSET);
        if (order < 0 || order > Qcow2Format.MAX_REFCOUNT_ORDER) {
            throw new MalformedDiskException(
                    Qcow2Format.REFCOUNT_ORDER_OFFSET,
                    "qcow2: reference counts of 2^%s bits are wider than the format allows"
                            .formatted(Integer.toUnsignedString(order)));
        }
        return order;
    }

    /** Snapshots are no part of what a guest sees; but programs that open the image read their table. */
    private int checkSnapshotTable() throws DiskException {
        long count = Integer.toUnsignedLong(cluster.getInt(Qcow2Format.SNAPSHOT_COUNT_OFFSET));
        if (count > Qcow2Format.MAX_SNAPSHOTS) {
            throw new DiskLimitException(
                    Qcow2Format.SNAPSHOT_COUNT_OFFSET,
                    "qcow2: %d snapshots are over the limit of %d".formatted(count, Qcow2Format.MAX_SNAPSHOTS));
        }
        if (count > 0) {
            requireTable(
                    "snapshot table", Qcow2Format.SNAPSHOT_TABLE_OFFSET_OFFSET, count * Qcow2Format.SNAPSHOT_MIN_BYTES);
        }
        return (int) count;
    }

    /** Checks a table whose offset is the header field at {@code field}: aligned, behind the header, in the file. */
    private void requireTable(String table, int field, long lengthBytes) throws MalformedDiskException {
        long offset = cluster.getLong(field);
        if (offset % (1L << clusterBits) != 0) {
            throw new MalformedDiskException(
                    field, "qcow2: the %s at 0x%x does not begin at a cluster boundary".formatted(table, offset));
        }
        if (offset == 0) {
            throw new MalformedDiskException(field, "qcow2: the %s would overlap the header".formatted(table));
        }
        if (offset < 0 || lengthBytes > fileLengthBytes - offset) {
            throw new MalformedDiskException(
                    field,
                    "qcow2: the %s of %d bytes at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(table, lengthBytes, offset, fileLengthBytes));
        }
    }

    private boolean has(int incompatibleBit) {
        return version == Qcow2Format.VERSION_3
                && (cluster.getLong(Qcow2Format.INCOMPATIBLE_FEATURES_OFFSET) >>> incompatibleBit & 1) != 0;
    }

    private boolean hasAutoclear(int bit) {
        return version == Qcow2Format.VERSION_3
                && (cluster.getLong(Qcow2Format.AUTOCLEAR_FEATURES_OFFSET) >>> bit & 1) != 0;
    }

    private static void requireLength(long fileLengthBytes, long neededBytes) throws MalformedDiskException {
        if (fileLengthBytes < neededBytes) {
            throw new MalformedDiskException(
                    fileLengthBytes,
                    "qcow2: the file ends after %d bytes, inside the header of %d"
                            .formatted(fileLengthBytes, neededBytes));
        }
    }
}
