package io.virtualimage.oci;

import java.io.IOException;
import java.io.OutputStream;

/** The bytes of one chunk of an upload. */
@FunctionalInterface
public interface ChunkBody {

    /**
     * Writes the chunk, all of it and nothing more; called at most once per chunk, so that it may hash on the way. What
     * it throws reaches the caller of the upload unchanged. It need not close the stream; flushing hands on what is
     * written so far.
     */
    void writeTo(OutputStream out) throws IOException;

    /** A chunk that is in memory. */
    static ChunkBody of(byte[] bytes) {
        return out -> out.write(bytes);
    }
}
