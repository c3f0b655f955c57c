package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.ExtentWalk;
import io.virtualimage.disk.recipe.Piece;
import io.virtualimage.disk.recipe.PieceMerger;
import io.virtualimage.disk.recipe.PieceSink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns any disk into a qcow2 file of version 3 with clusters of 64 KiB, in one pass over its map and without reading its
 * data. A cluster is allocated unless all of it is known to be zeros, by the image or by its source.
 *
 * <p>In the file are: the head, which is cluster 0; for each 512 MiB of the disk that have data, these and then their L2
 * table; the L1 table; refcount blocks; the refcount table. Each cluster is used once, so all reference counts are 1. The
 * body, from cluster 1 on, is handed over first, and the head last, since only then it is known. Memory is constant but
 * for the L1 table: 8 bytes for each 512 MiB of disk.
 */
public final class Qcow2Writer {
    /** What the head takes of the output, in bytes: the body begins behind it. */
    public static final int HEAD_BYTES = Qcow2TableWriter.CLUSTER_BYTES;

    private static final int CLUSTER_BYTES = Qcow2TableWriter.CLUSTER_BYTES;
    private static final long TABLE_SPAN_BYTES = Qcow2TableWriter.SPAN_BYTES;

    private final ByteSource source;
    private final PieceMerger pieces;
    private final Qcow2TableWriter tables;
    /** Runs of a cluster that no single run fills, from the cluster's start on. */
    private final List<Extent> mixed = new ArrayList<>();

    private long mixedBytes;

    /**
     * What is known at the end.
     *
     * @param head the first {@link #HEAD_BYTES} bytes of the output
     * @param lengthBytes of the whole output
     */
    public record Written(Piece.Inline head, long lengthBytes) {}

    private Qcow2Writer(ByteSource source, PieceMerger pieces, Qcow2TableWriter tables) {
        this.source = source;
        this.pieces = pieces;
        this.tables = tables;
    }

    /**
     * Hands over the body of the output.
     *
     * @param maxLengthBytes an output that is longer is refused, which bounds the work that a small but hostile image can
     *     make: it may refer to the same bytes from everywhere
     * @throws DiskLimitException if the output would be longer, or is too large for QEMU
     * @throws DiskException if the image turns out to be bad
     * @throws IOException as the source or the sink give it
     */
    public static Written write(VirtualDisk disk, PieceSink body, long maxLengthBytes)
            throws IOException, DiskException {
        PieceMerger pieces = new PieceMerger(body);
        Qcow2TableWriter tables = new Qcow2TableWriter(disk.info().virtualSizeBytes(), pieces, maxLengthBytes);
        Qcow2Writer writer = new Qcow2Writer(disk.source(), pieces, tables);
        ExtentWalk walk = new ExtentWalk(disk);
        for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
            writer.put(extent);
        }
        writer.endMixed();
        Written written = tables.finish();
        pieces.flush();
        return written;
    }

    private void put(Extent extent) throws IOException, DiskLimitException {
        Extent rest = extent;
        if (!mixed.isEmpty()) {
            long end = mixed.getFirst().offset() + CLUSTER_BYTES;
            if (extent.end() < end) {
                addMixed(extent);
                return;
            }
            addMixed(extent.until(end));
            endMixed();
            if (extent.end() == end) {
                return;
            }
            rest = extent.from(end);
        }
        long wholeEnd = rest.end() - rest.end() % CLUSTER_BYTES;
        if (wholeEnd > rest.offset()) {
            putWhole(rest.until(wholeEnd));
        }
        if (wholeEnd < rest.end()) {
            addMixed(rest.from(Math.max(wholeEnd, rest.offset())));
        }
    }

    private void putWhole(Extent extent) throws IOException, DiskLimitException {
        switch (extent) {
            case Extent.Zero ignored -> {
                // Not allocated.
            }
            case Extent.Data data -> putData(data);
            case Extent.Packed packed -> allocate(packed);
        }
    }

    private void putData(Extent.Data data) throws IOException, DiskLimitException {
        long end = data.end();
        long position = data.offset();
        while (position < end) {
            long zeros = knownZeroBytes(data, position, end - position) / CLUSTER_BYTES * CLUSTER_BYTES;
            position += zeros;
            if (position < end) {
                long start = position;
                do {
                    position += CLUSTER_BYTES;
                } while (position < end
                        && position - start < TABLE_SPAN_BYTES
                        && knownZeroBytes(data, position, CLUSTER_BYTES) < CLUSTER_BYTES);
                allocate(data.from(start).until(position));
            }
        }
    }

    private long knownZeroBytes(Extent.Data data, long offset, long maxBytes) throws IOException {
        return source.knownZeroBytes(data.sourceOffset() + offset - data.offset(), maxBytes);
    }

    /** Takes a run of whole clusters into the output. */
    private void allocate(Extent extent) throws IOException, DiskLimitException {
        long position = extent.offset();
        while (position < extent.end()) {
            long spanEnd = position - position % TABLE_SPAN_BYTES + TABLE_SPAN_BYTES;
            long end = Math.min(extent.end(), spanEnd);
            tables.map(position / CLUSTER_BYTES, (int) ((end - position) / CLUSTER_BYTES));
            pieces.put(extent.from(position).until(end));
            position = end;
        }
    }

    private void addMixed(Extent extent) {
        mixed.add(extent);
        mixedBytes += extent.lengthBytes();
    }

    /** Takes the cluster that was collected, if there is one; the disk's last one may not be full. */
    private void endMixed() throws IOException, DiskLimitException {
        if (!allKnownZero()) {
            tables.map(mixed.getFirst().offset() / CLUSTER_BYTES, 1);
            for (Extent extent : mixed) {
                pieces.put(extent);
            }
            if (mixedBytes < CLUSTER_BYTES) {
                pieces.put(new Piece.Zeros(CLUSTER_BYTES - mixedBytes));
            }
        }
        mixed.clear();
        mixedBytes = 0;
    }

    private boolean allKnownZero() throws IOException {
        for (Extent extent : mixed) {
            boolean zero = switch (extent) {
                case Extent.Zero ignored -> true;
                case Extent.Data data ->
                    source.knownZeroBytes(data.sourceOffset(), data.lengthBytes()) >= data.lengthBytes();
                case Extent.Packed ignored -> false;
            };
            if (!zero) {
                return false;
            }
        }
        return true;
    }
}
