package io.virtualimage.disk.sample;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.qcow2.Qcow2Writer;
import io.virtualimage.disk.recipe.Piece;
import io.virtualimage.disk.recipe.PieceSink;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/** A sample disk as a qcow2 file, whose head is found out first, so that it can be written in order. */
final class SampleQcow2 {
    private static final int BLOCK_BYTES = SampleLayout.CLUSTER_BYTES;

    private final SampleDisk disk;
    private final Qcow2Writer.Written written;

    SampleQcow2(SampleLayout layout, long seed) {
        this.disk = new SampleDisk(layout, seed);
        try {
            this.written = write(piece -> {});
        } catch (IOException e) {
            throw new UncheckedIOException("nothing was read or written yet", e);
        }
    }

    long lengthBytes() {
        return written.lengthBytes();
    }

    void writeTo(OutputStream target) throws IOException {
        copy(written.head(), target);
        write(piece -> copy(piece, target));
    }

    private interface Pieces extends PieceSink {
        @Override
        default long place(PackedUnit unit) {
            throw new IllegalStateException("samples are not compressed");
        }
    }

    private Qcow2Writer.Written write(Pieces body) throws IOException {
        try {
            return Qcow2Writer.write(disk, body, Long.MAX_VALUE);
        } catch (DiskException e) {
            throw new IllegalStateException("samples are within all limits", e);
        }
    }

    private void copy(Piece piece, OutputStream target) throws IOException {
        ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
        for (long done = 0; done < piece.lengthBytes(); done += block.limit()) {
            block.clear().limit((int) Math.min(BLOCK_BYTES, piece.lengthBytes() - done));
            switch (piece) {
                case Piece.Inline inline -> block.put(inline.bytes().slice((int) done, block.limit()));
                case Piece.Zeros ignored -> block.put(0, new byte[block.limit()]);
                case Piece.Stored stored -> disk.source().read(stored.sourceOffset() + done, block);
                case Piece.Unpacked ignored -> throw new IllegalStateException("samples are not compressed");
            }
            target.write(block.array(), 0, block.limit());
        }
    }
}
