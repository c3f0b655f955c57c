package io.virtualimage.fetcher.work;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.ResumingStream;
import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceVersion;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.layer.LayerArchive;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.LayerEntry;
import io.virtualimage.topics.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.OptionalLong;

/**
 * Whether a layer has its digest, of which a file was fetched in pieces, and the file is in it where it was found: the
 * file's bytes are given to it, those around it are read from the registry. Hashing goes in order: {@link #begin}, the
 * file by {@link #hash}, {@link #end}.
 */
final class LayerCheck {
    private static final int BUFFER_BYTES = 1 << 16;

    private final Source source;
    private final ResolvedSource layer;
    private final LayerEntry entry;
    private final Digest expected;
    private final MessageDigest hash;
    private final TaskContext context;
    private OptionalLong found = OptionalLong.empty();

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
        read(
                0,
                entry.offsetBytes(),
                before -> found = new LayerArchive(before, expected, OptionalLong.of(entry.layerBytes()))
                        .fileAt(entry.offsetBytes()));
    }

    /** What the file's bytes go to. */
    MessageDigest hash() {
        return hash;
    }

    /**
     * Takes in the bytes after the file, and compares.
     *
     * @throws ImageFailedException if the layer is not what its digest says
     * @throws SourceException also if the layer is, but has no such file there
     */
    void end(long fileBytes)
            throws SourceException, ImageFailedException, TaskAbandonedException, InterruptedException {
        long from = entry.offsetBytes() + fileBytes;
        read(from, entry.layerBytes() - from, _ -> {});
        Digest digest = Digest.ofHash(expected.algorithm(), hash.digest());
        if (!digest.equals(expected)) {
            throw new ImageFailedException(
                    FailureReason.CHECKSUM_MISMATCH,
                    "%s: the registry gave other bytes for the layer %s, their digest is %s"
                            .formatted(layer.publicName(), expected, digest),
                    null);
        }
        if (found.orElse(-1) != fileBytes) {
            throw SourceException.Unusable.otherHeaders(layer, entry);
        }
    }

    /** @param look reads as much of the bytes as it likes; all are hashed, once */
    private void read(long from, long lengthBytes, Look look)
            throws SourceException, TaskAbandonedException, InterruptedException {
        if (lengthBytes <= 0) {
            return;
        }
        SourceVersion version =
                new SourceVersion(new Validator(Validator.Kind.DIGEST, entry.layer()), entry.layerBytes());
        byte[] buffer = new byte[BUFFER_BYTES];
        try (InputStream piece = ResumingStream.open(source, layer, version, from, lengthBytes)) {
            InputStream hashed = new Hashed(new TaskBody(piece, context), hash);
            look.at(hashed);
            while (hashed.read(buffer) >= 0) {}
        } catch (TaskBody.Halted e) {
            throw e.abandoned();
        } catch (SourceException e) {
            throw e;
        } catch (IOException e) {
            throw SourceTrouble.asSourceException(e, layer, from);
        }
    }

    @FunctionalInterface
    private interface Look {
        void at(InputStream bytes) throws IOException;
    }

    /** What is skipped is hashed too. */
    private static final class Hashed extends DigestInputStream {
        Hashed(InputStream in, MessageDigest hash) {
            super(in, hash);
        }

        @Override
        public long skip(long count) throws IOException {
            if (count <= 0) {
                return 0;
            }
            byte[] waste = new byte[(int) Math.min(count, BUFFER_BYTES)];
            return Math.max(read(waste, 0, waste.length), 0);
        }
    }
}
