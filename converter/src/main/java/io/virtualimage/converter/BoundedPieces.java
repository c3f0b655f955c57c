package io.virtualimage.converter;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.recipe.Piece;
import io.virtualimage.disk.recipe.PieceSink;
import java.io.IOException;

/**
 * Lets through so many bytes that are no zeros, and then refuses the image: blocks of a disk may be shared, and a small
 * image must not fill a volume of any size.
 */
final class BoundedPieces implements PieceSink {
    private final PieceSink sink;
    private final long maxBytes;
    private long bytes;

    BoundedPieces(PieceSink sink, long maxBytes) {
        this.sink = sink;
        this.maxBytes = maxBytes;
    }

    /** @throws BadContentException if there are too many */
    @Override
    public void put(Piece piece) throws IOException {
        bytes += switch (piece) {
            case Piece.Zeros ignored -> 0;
            case Piece.Inline inline -> inline.lengthBytes();
            case Piece.Stored stored -> stored.lengthBytes();
            case Piece.Unpacked unpacked -> unpacked.lengthBytes();
        };
        if (bytes > maxBytes) {
            throw new BadContentException(new DiskLimitException(
                    0,
                    "the disk has more than %d bytes of data, the limit for an image of this length"
                            .formatted(maxBytes)));
        }
        sink.put(piece);
    }

    @Override
    public long place(PackedUnit unit) throws IOException {
        return sink.place(unit);
    }
}
