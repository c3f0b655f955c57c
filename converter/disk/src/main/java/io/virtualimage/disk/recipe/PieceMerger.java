package io.virtualimage.disk.recipe;

import io.virtualimage.disk.Extent;
import io.virtualimage.disk.PackedUnit;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Turns extents into pieces, and hands neighbours that are one run to a sink as one. A unit that consecutive extents refer
 * to is placed once. Remembers one piece and one unit, whatever the disk is like. For one thread.
 */
public final class PieceMerger {
    private final PieceSink sink;
    private @Nullable Piece held;
    private @Nullable PackedUnit placed;
    private long placedAt;

    public PieceMerger(PieceSink sink) {
        this.sink = sink;
    }

    /** Takes the bytes of an extent for the next ones of the output; where the guest sees them does not matter. */
    public void put(Extent extent) throws IOException {
        switch (extent) {
            case Extent.Zero zero -> put(new Piece.Zeros(zero.lengthBytes()));
            case Extent.Data data -> put(new Piece.Stored(data.lengthBytes(), data.sourceOffset()));
            case Extent.Packed packed -> {
                if (!packed.unit().equals(placed)) {
                    placedAt = sink.place(packed.unit());
                    placed = packed.unit();
                }
                put(new Piece.Unpacked(packed.lengthBytes(), placedAt + packed.unitOffset()));
            }
        }
    }

    public void put(Piece piece) throws IOException {
        Piece joined = held == null ? piece : join(held, piece);
        if (joined == null) {
            flush();
            joined = piece;
        }
        held = joined;
    }

    /** Hands over what was held back; to be called at the end. */
    public void flush() throws IOException {
        if (held != null) {
            sink.put(held);
            held = null;
        }
    }

    private static @Nullable Piece join(Piece one, Piece next) {
        return switch (one) {
            case Piece.Inline ignored -> null;
            case Piece.Zeros zeros ->
                next instanceof Piece.Zeros more ? new Piece.Zeros(zeros.lengthBytes() + more.lengthBytes()) : null;
            case Piece.Stored stored ->
                next instanceof Piece.Stored more && more.sourceOffset() == stored.sourceOffset() + stored.lengthBytes()
                        ? new Piece.Stored(stored.lengthBytes() + more.lengthBytes(), stored.sourceOffset())
                        : null;
            case Piece.Unpacked unpacked ->
                next instanceof Piece.Unpacked more
                                && more.unpackedOffset() == unpacked.unpackedOffset() + unpacked.lengthBytes()
                                && unpacked.lengthBytes() + more.lengthBytes() <= PieceSink.MAX_UNPACKED_BYTES
                        ? new Piece.Unpacked(unpacked.lengthBytes() + more.lengthBytes(), unpacked.unpackedOffset())
                        : null;
        };
    }
}
