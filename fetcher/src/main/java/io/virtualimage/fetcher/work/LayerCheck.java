package io.virtualimage.fetcher.work;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.ResumingStream;
import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceVersion;
import io.virtualimage.oci.Digest;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.LayerEntry;
import io.virtualimage.topics.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.security.MessageDigest;

/**
 * Whether a layer has its digest, of which a file was fetched in pieces: the file's bytes are given to it, those around
 * it are read from the registry. Hashing goes in order: {@link #begin}, the file by {@link #hash}, {@link #end}.
 */
final class LayerCheck {
    private static final int BUFFER_BYTES = 1 << 16;

    private final Source source;
    private final ResolvedSource layer;
    private final LayerEntry entry;
    private final Digest expected;
    private final MessageDigest hash;
    private final TaskContext context;

    /** @param resolved the image */
    LayerCheck(Source source, ResolvedSource resolved, LayerEntry entry, TaskContext context) {
        this.source = source;
        // All of the layer is a file that begins with it.
        this.layer = resolved.at(new LayerEntry(entry.layer(), entry.layerBytes(), null, 0), entry.layerBytes());
        this.entry = entry;
        this.expected = Digest.parse(entry.layer());
        this.hash = expected.algorithm().newHash();
        this.context = context;
    }

    /** Takes in the bytes before the file. */
    void begin() throws SourceException, TaskAbandonedException, InterruptedException {
        read(0, entry.offsetBytes());
    }

    /** What the file's bytes go to. */
    MessageDigest hash() {
        return hash;
    }

    /**
     * Takes in the bytes after the file, and compares.
     *
     * @throws ImageFailedException if the layer is not what its digest says
     */
    void end(long fileBytes)
            throws SourceException, ImageFailedException, TaskAbandonedException, InterruptedException {
        long from = entry.offsetBytes() + fileBytes;
        read(from, entry.layerBytes() - from);
        Digest found = Digest.ofHash(expected.algorithm(), hash.digest());
        if (!found.equals(expected)) {
            throw new ImageFailedException(
                    FailureReason.CHECKSUM_MISMATCH,
                    "%s: the registry gave other bytes for the layer %s, their digest is %s"
                            .formatted(layer.publicName(), expected, found),
                    null);
        }
    }

    private void read(long from, long lengthBytes)
            throws SourceException, TaskAbandonedException, InterruptedException {
        if (lengthBytes <= 0) {
            return;
        }
        SourceVersion version =
                new SourceVersion(new Validator(Validator.Kind.DIGEST, entry.layer()), entry.layerBytes());
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream piece = ResumingStream.open(source, layer, version, from, lengthBytes)) {
            for (int count = piece.read(buffer); count >= 0; count = piece.read(buffer)) {
                hash.update(buffer, 0, count);
                context.checkpoint();
            }
        } catch (SourceException e) {
            throw e;
        } catch (InterruptedIOException e) {
            Thread.interrupted(); // carried by the exception from here on
            InterruptedException stopped = new InterruptedException("interrupted while reading a layer");
            stopped.initCause(e);
            throw stopped;
        } catch (IOException e) {
            throw SourceTrouble.asSourceException(e, layer, from);
        }
    }
}
