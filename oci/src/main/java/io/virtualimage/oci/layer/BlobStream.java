package io.virtualimage.oci.layer;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistryException.Reason;
import io.virtualimage.oci.Repository;
import java.io.InputStream;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * A blob as one stream that outlives its connections: one that breaks is opened again where it broke, as long as each
 * brings something. Nothing waits in between: a registry that is away is the caller's affair.
 *
 * <p>A stream from the blob's start is verified: reading at its end fails instead of returning -1 if the bytes don't have
 * the digest. So whoever has what it wants of the stream (an unpacker may stop short of the end) calls {@link
 * #readToEnd} before it believes any of it.
 *
 * <p>Everything that reading throws is a {@link RegistryException}: also {@code DIGEST_MISMATCH}; {@code UNAVAILABLE} if
 * connections break without bringing anything.
 */
public final class BlobStream extends InputStream {

    private static final int DISCARDED_BYTES = 1 << 16;

    private final BlobCursor cursor;
    private final Digest digest;
    private final Repository repository;
    private final @Nullable MessageDigest hash;
    private boolean verified;

    private BlobStream(
            OciRegistry registry, Repository repository, Digest digest, long lengthBytes, long from, ReadWatch watch) {
        this.cursor =
                new BlobCursor(registry, repository, digest, lengthBytes, from, Long.MAX_VALUE, Long.MAX_VALUE, watch);
        this.digest = digest;
        this.repository = repository;
        this.hash = from == 0 ? digest.algorithm().newHash() : null;
    }

    /**
     * All of a blob, to be verified. Nothing is opened before the first byte is read.
     *
     * @param lengthBytes the blob's, as its descriptor says
     */
    public static BlobStream of(OciRegistry registry, Repository repository, Digest digest, long lengthBytes) {
        return of(registry, repository, digest, lengthBytes, ReadWatch.NONE);
    }

    /** As {@link #of(OciRegistry, Repository, Digest, long)}, with somebody who looks on. */
    public static BlobStream of(
            OciRegistry registry, Repository repository, Digest digest, long lengthBytes, ReadWatch watch) {
        return new BlobStream(registry, repository, digest, lengthBytes, 0, watch);
    }

    /** A blob from an offset, 0 to its length; only from 0 it is verified. */
    public static BlobStream from(
            OciRegistry registry, Repository repository, Digest digest, long lengthBytes, long offsetBytes) {
        return new BlobStream(registry, repository, digest, lengthBytes, offsetBytes, ReadWatch.NONE);
    }

    /** How many bytes of the blob lie before the next one. */
    public long position() {
        return cursor.position();
    }

    /** Reads what is left, which verifies a stream from the blob's start. */
    public void readToEnd() throws RegistryException {
        byte[] waste = new byte[DISCARDED_BYTES];
        while (read(waste, 0, waste.length) >= 0) {}
    }

    @Override
    public int read() throws RegistryException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws RegistryException {
        if (length == 0) {
            return 0;
        }
        int read = cursor.read(buffer, offset, length);
        if (hash != null && read > 0) {
            hash.update(buffer, offset, read);
        }
        if (hash != null && read < 0 && !verified) {
            verify(hash);
        }
        return read;
    }

    /** Reads: what is skipped is hashed too. */
    @Override
    public long skip(long count) throws RegistryException {
        if (count <= 0) {
            return 0;
        }
        byte[] waste = new byte[(int) Math.min(count, DISCARDED_BYTES)];
        return Math.max(read(waste, 0, waste.length), 0);
    }

    private void verify(MessageDigest whole) throws RegistryException {
        Digest found = Digest.ofHash(digest.algorithm(), clone(whole).digest());
        if (!found.equals(digest)) {
            throw RegistryException.of(
                    Reason.DIGEST_MISMATCH,
                    "read the blob " + digest + " of " + repository,
                    "its " + cursor.lengthBytes() + " bytes have the digest " + found,
                    null);
        }
        verified = true;
    }

    // Of a copy, so that whoever reads at the end once more gets the same answer.
    private static MessageDigest clone(MessageDigest hash) {
        try {
            return (MessageDigest) hash.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("this Java can't copy a hash", e);
        }
    }

    /** 1 before the end and 0 at it, whether or not a read would wait: some unpackers look here for another member. */
    @Override
    public int available() {
        return cursor.position() < cursor.lengthBytes() ? 1 : 0;
    }

    /** Gives the connection back. Whoever reads on gets another one, at the same place. */
    @Override
    public void close() {
        cursor.close();
    }
}
