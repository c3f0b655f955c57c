package io.virtualimage.disk.recipe;

import io.virtualimage.disk.PackedUnit;
import java.io.IOException;

/**
 * Takes the pieces of an output in order, and the units that these refer to. Pieces of the unpacked space come in the order
 * of that space too, and are short, so a sink that unpacks at once has to remember only the units of the last 16 MiB. For
 * one thread.
 */
public interface PieceSink {
    /** Writers of formats put no {@link Piece.Unpacked} that is longer than this. */
    int MAX_UNPACKED_BYTES = 16 << 20;

    /** Takes the next piece. */
    void put(Piece piece) throws IOException;

    /**
     * Appends a unit to the unpacked space, before the first piece that refers to it there. The same unit may be placed
     * again; it is then in the unpacked space more than once.
     *
     * @return the offset of its first byte in the unpacked space, in bytes
     */
    long place(PackedUnit unit) throws IOException;
}
