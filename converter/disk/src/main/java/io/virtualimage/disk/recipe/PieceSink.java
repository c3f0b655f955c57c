package io.virtualimage.disk.recipe;

import io.virtualimage.disk.PackedUnit;
import java.io.IOException;

/** Takes the pieces of an output in order. For one thread. */
public interface PieceSink {
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
