package io.virtualimage.fetcher.source;

import java.io.InputStream;

/**
 * Where bytes come from. All methods only read, and may be repeated and called from many threads at once. Whoever is
 * given a stream closes it; its {@code read} throws {@link SourceException} for whatever goes wrong at the source, and
 * {@link java.io.InterruptedIOException} when the reader is interrupted.
 */
public interface Source {
    /** Asks for as little as possible to learn what the source says of itself. */
    SourceProbe probe(ResolvedSource source) throws SourceException, InterruptedException;

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
