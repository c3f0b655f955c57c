package io.virtualimage.oci.layer;

import io.virtualimage.oci.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalLong;

/**
 * The archive of a layer in which a file was found, read once more. What was seen by ranges, or of a layer that was not
 * read to its end, has not been verified: a registry that gave another header then would have chosen another piece of
 * the layer. So whoever verifies the layer's bytes also looks whether the file is where it was found.
 */
public final class LayerArchive {
    private final TarReader reader;

    /**
     * An archive of which nothing has been read yet.
     *
     * @param in at its start; stays open. Nothing is read ahead, so that after {@link #fileAt} it stands at the file
     * @param lengthBytes the archive's, if the layer is not compressed
     */
    public LayerArchive(InputStream in, Digest layer, OptionalLong lengthBytes) {
        this.reader = new TarReader(in, layer, new ScanBudget(ScanLimits.DEFAULTS), lengthBytes);
    }

    /**
     * Reads up to a file's first byte. To be called once.
     *
     * @return the length of the regular file that begins at this byte of the archive; if none does, empty, and the archive
     *     was read up to any place
     * @throws IOException what the stream threw, unchanged
     */
    public OptionalLong fileAt(long offsetBytes) throws IOException {
        try {
            TarEntry entry = reader.next().orElse(null);
            while (entry != null && entry.offsetBytes() < offsetBytes) {
                entry = reader.next().orElse(null);
            }
            if (entry == null || entry.offsetBytes() != offsetBytes || entry.sparse()) {
                return OptionalLong.empty();
            }
            return entry.type() == TarEntry.Type.REGULAR ? OptionalLong.of(entry.lengthBytes()) : OptionalLong.empty();
        } catch (LayerException e) {
            return OptionalLong.empty(); // The search could read it; so these are not the bytes that it saw.
        }
    }
}
