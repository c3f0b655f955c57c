package io.virtualimage.fetcher.source;

import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.layer.ReadWatch;
import java.io.InputStream;

/**
 * Where bytes come from. All methods only read, and may be repeated and called from many threads at once. Whoever is
 * given a stream closes it; its {@code read} throws {@link SourceException} for whatever goes wrong at the source, and
 * {@link java.io.InterruptedIOException} when the reader is interrupted.
 */
public interface Source {
    /**
     * This source for one task, whose watch is asked again and again while bytes are read that the task isn't given: of
     * what is searched, and of what lies before and behind a file. It may stop that: by a {@link
     * ReadingStoppedException}, from {@link #probe} or from a stream.
     */
    default Source watchedBy(ReadWatch watch) {
        return this;
    }

    /** Asks for as little as possible to learn what the source says of itself. */
    SourceProbe probe(ResolvedSource source) throws SourceException, ReadingStoppedException, InterruptedException;

    /**
     * Opens a piece of the source, of that very version. The stream may end before the piece
     * does: what is missing has to be asked for again.
     *
     * @param offset of the first byte
     * @param lengthBytes how many are wanted, at least 1
     * @throws SourceException.Changed if the source is not that version any more, or does not serve pieces any more
     */
    InputStream openRange(ResolvedSource source, SourceVersion version, long offset, long lengthBytes)
            throws SourceException, InterruptedException;

    /** Opens the whole source, from its first byte. */
    SourceStream openStream(ResolvedSource source) throws SourceException, InterruptedException;
}
