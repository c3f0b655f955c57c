package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.DiskException;
import java.io.IOException;

/** What one kind of wrapper unpacks to. For one thread; after an exception it is only closed. */
interface Unpacker extends AutoCloseable {
    /**
     * Unpacks some bytes.
     *
     * @param count above 0
     * @return how many bytes there were, at least 1; or -1 at the end, when all checks were passed
     * @throws DiskException if the file can't be unpacked; the offset is about where in it the reason is
     * @throws BadContentException for the same, if that is easier
     * @throws IOException as the source gives it
     */
    int read(byte[] target, int offset, int count) throws IOException, DiskException;

    /** How many bytes of the file went into what was given out, about: some may be read ahead. */
    long packedBytes();

    @Override
    void close() throws IOException;
}
