package io.virtualimage.disk.convert;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Writes the bytes that a guest sees into a file that stays sparse: what is zero is not written. */
public final class RawCopy {
    /** Small enough for a core's cache, so that what was read is written from there. */
    private static final int PIECE_BYTES = Integer.getInteger("piece", 1 << 20);

    private RawCopy() {}

    /**
     * Copies all of a disk. Memory: two or three times {@code 1 MiB} for each thread, up to 12 MiB if the image has
     * compressed clusters as large as they may be.
     *
     * @param target reads as zeros, and is as long as the disk; may be written to at any offset
     * @throws DiskException if the image turns out to be bad where it is read; part of {@code target} is then written
     * @throws IOException as source and target give it
     */
    public static void copy(VirtualDisk disk, FileChannel target, int threads) throws IOException, DiskException {
        PieceWalk walk = new PieceWalk(disk, PIECE_BYTES);
        Workers.run(threads, walk::stop, () -> copyPieces(disk, walk, target));
    }

    private static void copyPieces(VirtualDisk disk, PieceWalk walk, FileChannel target)
            throws IOException, DiskException {
        try (PieceReader reader = new PieceReader(disk.source())) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE_BYTES);
            for (Piece piece = walk.next(); piece != null; piece = walk.next()) {
                if (buffer.capacity() < piece.lengthBytes()) {
                    buffer = ByteBuffer.allocateDirect(piece.lengthBytes());
                }
                reader.read(piece, buffer.clear());
                writeSparsely(buffer.flip(), target, piece.offset());
            }
        }
    }

    private static void writeSparsely(ByteBuffer buffer, FileChannel target, long offset) throws IOException {
        MemorySegment bytes = MemorySegment.ofBuffer(buffer);
        int end = buffer.limit();
        int position = 0;
        while (position < end) {
            int from = ZeroScan.endOfZeros(bytes, position, end);
            position = ZeroScan.endOfData(bytes, from, end);
            buffer.limit(position).position(from);
            while (buffer.hasRemaining()) {
                target.write(buffer, offset + buffer.position());
            }
        }
    }
}
