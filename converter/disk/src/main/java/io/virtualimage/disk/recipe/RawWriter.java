package io.virtualimage.disk.recipe;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.ExtentWalk;
import java.io.IOException;

/** Turns any disk into a raw image: as many bytes as the virtual size says, in one pass, with constant memory. */
public final class RawWriter {
    /** A hole within data is looked for at every multiple of so many bytes of the source. */
    private static final int BLOCK_BYTES = 64 << 10;

    private RawWriter() {}

    /**
     * Hands over all pieces of the output. What is known to be zeros, by the image or by its source, comes as {@link
     * Piece.Zeros}.
     *
     * @throws DiskException if the image turns out to be bad
     * @throws IOException as the source or the sink give it
     */
    public static void write(VirtualDisk disk, PieceSink sink) throws IOException, DiskException {
        PieceMerger pieces = new PieceMerger(sink);
        ExtentWalk walk = new ExtentWalk(disk);
        for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
            if (extent instanceof Extent.Data data) {
                putData(disk.source(), data, pieces);
            } else {
                pieces.put(extent);
            }
        }
        pieces.flush();
    }

    private static void putData(ByteSource source, Extent.Data data, PieceMerger pieces) throws IOException {
        long end = data.sourceOffset() + data.lengthBytes();
        long position = data.sourceOffset();
        while (position < end) {
            long zeros = source.knownZeroBytes(position, end - position);
            if (zeros > 0) {
                pieces.put(new Piece.Zeros(zeros));
                position += zeros;
            } else {
                long count = Math.min(end - position, BLOCK_BYTES - position % BLOCK_BYTES);
                pieces.put(new Piece.Stored(count, position));
                position += count;
            }
        }
    }
}
