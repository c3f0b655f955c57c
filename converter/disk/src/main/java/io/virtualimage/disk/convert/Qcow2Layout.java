package io.virtualimage.disk.convert;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.qcow2.Qcow2Writer;
import io.virtualimage.disk.recipe.Piece;
import io.virtualimage.disk.recipe.PieceSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Lays out a qcow2 file: what it contains of the image goes into a queue as portions, and the tables are written here,
 * where they come to be.
 */
final class Qcow2Layout implements Workers.Work, PieceSink {
    private final VirtualDisk disk;
    private final PortionQueue portions;
    private final FileChannel target;
    private final PortionBuilder builder = new PortionBuilder();
    /** Those units that pieces may still refer to. */
    private final Deque<Placed> units = new ArrayDeque<>();

    /** Where in the file the next piece goes. */
    private long position = Qcow2Writer.HEAD_BYTES;

    private long unpackedEnd;

    /** @param end offset behind its last byte in the unpacked space */
    private record Placed(PackedUnit unit, long end) {
        long start() {
            return end - unit.plainBytes();
        }
    }

    Qcow2Layout(VirtualDisk disk, PortionQueue portions, FileChannel target) {
        this.disk = disk;
        this.portions = portions;
        this.target = target;
    }

    @Override
    public void run() throws IOException, DiskException {
        Qcow2Writer.Written written = Qcow2Writer.write(new ZeroFindingDisk(disk), this, Long.MAX_VALUE);
        flush();
        write(written.head().bytes(), 0);
        portions.end();
    }

    /** Of the file, when it is laid out. */
    long lengthBytes() {
        return position;
    }

    @Override
    public void put(Piece piece) throws IOException {
        switch (piece) {
            case Piece.Inline inline -> {
                flush();
                write(inline.bytes(), position);
                position += inline.lengthBytes();
            }
            case Piece.Zeros zeros -> {
                flush();
                position += zeros.lengthBytes();
            }
            case Piece.Stored stored -> put(new Extent.Data(position, stored.lengthBytes(), stored.sourceOffset()));
            case Piece.Unpacked unpacked -> put(unpacked);
        }
    }

    private void put(Piece.Unpacked unpacked) throws IOException {
        long from = unpacked.unpackedOffset();
        long end = from + unpacked.lengthBytes();
        while (from < end) {
            // Pieces refer to the unit that was placed last, and to those that were placed since the piece before.
            while (units.size() > 1 && units.getFirst().end() <= from) {
                units.removeFirst();
            }
            Placed placed = units.getFirst();
            long partEnd = Math.min(end, placed.end());
            put(new Extent.Packed(position, partEnd - from, placed.unit(), (int) (from - placed.start())));
            from = partEnd;
        }
    }

    private void put(Extent extent) throws IOException {
        Extent rest = extent;
        position = builder.add(rest);
        while (position < extent.end()) {
            flush();
            rest = position > rest.offset() ? rest.from(position) : rest;
            position = builder.add(rest);
        }
    }

    @Override
    public long place(PackedUnit unit) {
        long start = unpackedEnd;
        unpackedEnd += unit.plainBytes();
        units.addLast(new Placed(unit, unpackedEnd));
        return start;
    }

    private void flush() throws IOException {
        if (!builder.isEmpty()) {
            portions.put(builder.take());
        }
    }

    private void write(ByteBuffer bytes, long offset) throws IOException {
        ByteBuffer rest = bytes;
        long start = offset - rest.position();
        while (rest.hasRemaining()) {
            target.write(rest, start + rest.position());
        }
    }
}
