package io.virtualimage.fetcher.source;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.layer.BlobStream;
import io.virtualimage.oci.layer.LayerArchive;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.LayerEntry;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.OptionalLong;

/**
 * One file of a layer that is read whole: what lies before the file is passed over and must lead to it, and its end is
 * told only when all of the layer was read and has its digest. Everything that reading throws is a {@link
 * SourceException}, an {@link InterruptedIOException}, or what the blob's watch stopped it with.
 */
final class LayerFileStream extends InputStream {
    private final ResolvedSource.ContainerImage image;
    private final ResolvedSource.LayerPiece file;
    private final BlobStream blob;
    private final InputStream archive;
    private boolean passedOver;
    private long left;

    /** @param archive what is in the blob, unpacked; the same stream if it is not packed */
    LayerFileStream(
            ResolvedSource.ContainerImage image, ResolvedSource.LayerPiece file, BlobStream blob, InputStream archive) {
        this.image = image;
        this.file = file;
        this.blob = blob;
        this.archive = archive;
        this.left = file.lengthBytes();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        try {
            passOver();
            if (left == 0) {
                blob.readToEnd();
                return -1;
            }
            int count = archive.read(buffer, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw cutShort();
            }
            left -= count;
            return count;
        } catch (SourceException | ReadingStoppedException e) {
            throw e;
        } catch (RegistryException e) {
            if (Thread.currentThread().isInterrupted()) {
                InterruptedIOException stopped = new InterruptedIOException("interrupted while reading a layer");
                stopped.initCause(e);
                throw stopped;
            }
            throw RegistryTrouble.of(image, e);
        } catch (BadContentException e) {
            throw RegistryTrouble.of(image, file.entry().layer(), e);
        }
    }

    private void passOver() throws IOException {
        if (passedOver) {
            return;
        }
        LayerEntry entry = file.entry();
        OptionalLong length = entry.compression() == null ? OptionalLong.of(entry.layerBytes()) : OptionalLong.empty();
        LayerArchive headers = new LayerArchive(archive, Digest.parse(entry.layer()), length);
        if (headers.fileAt(entry.offsetBytes()).orElse(-1) != file.lengthBytes()) {
            blob.readToEnd(); // if it is these bytes that are wrong, that is said
            throw SourceException.Unusable.otherHeaders(image, entry);
        }
        passedOver = true;
    }

    /** Only if the registry gave what it was to give: else that is said. */
    private SourceException cutShort() throws RegistryException {
        blob.readToEnd();
        return new SourceException.Unusable(
                FailureReason.IMAGE_MALFORMED,
                "%s: the layer %s ends %d bytes before its file does"
                        .formatted(image.publicName(), file.entry().layer(), left),
                null);
    }

    @Override
    public void close() throws IOException {
        archive.close();
    }
}
