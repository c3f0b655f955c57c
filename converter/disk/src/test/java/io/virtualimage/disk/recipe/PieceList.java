package io.virtualimage.disk.recipe;

import io.virtualimage.disk.PackedUnit;
import java.util.ArrayList;
import java.util.List;

/** Keeps what it is given. */
public final class PieceList implements PieceSink {
    private final List<Piece> pieces = new ArrayList<>();
    private final List<PackedUnit> units = new ArrayList<>();
    private long unpackedBytes;

    @Override
    public void put(Piece piece) {
        pieces.add(piece);
    }

    @Override
    public long place(PackedUnit unit) {
        units.add(unit);
        unpackedBytes += unit.plainBytes();
        return unpackedBytes - unit.plainBytes();
    }

    public List<Piece> pieces() {
        return pieces;
    }

    public List<PackedUnit> units() {
        return units;
    }

    public long lengthBytes() {
        return pieces.stream().mapToLong(Piece::lengthBytes).sum();
    }
}
