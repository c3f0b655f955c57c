package io.virtualimage.oci;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One registry that speaks the OCI distribution API 1.1. Safe for use by many threads; two writers of the same
 * <em>upload</em> are not (see {@link #uploadStatus}).
 *
 * <p>Every method throws {@link RegistryException}, whose reason says what to do. Nothing is retried inside except that
 * an expired token is renewed.
 */
public interface OciRegistry {

    /** The longest manifest that is read: 4 MiB, as the specification asks registries to allow. */
    int MAX_MANIFEST_BYTES = 4 << 20;

    /** Returns if the registry is there, speaks the API and takes the credentials. */
    void checkApi() throws RegistryException;

    /** The blob's length in bytes, or empty if the repository does not have it. */
    OptionalLong headBlob(Repository repository, Digest digest) throws RegistryException;

    /**
     * Opens a part of a blob. The caller closes the stream, and verifies the digest if it reads all of it. Reading
     * throws an {@link IOException} if the connection breaks; a stream that ends has given all that was asked for.
     *
     * @param offsetBytes from 0 to the blob's length; at its length there is nothing to read
     * @param lengthBytes how much to read, 1 or more; it is cut at the blob's end
     * @throws RegistryException also with {@code RANGES_UNSUPPORTED} if the offset is not 0 and the registry ignores it,
     *     {@code NOT_FOUND}, or {@code PROTOCOL} for an offset beyond the end
     */
    InputStream openBlob(Repository repository, Digest digest, long offsetBytes, long lengthBytes)
            throws RegistryException;

    /** Opens a blob from an offset to its end. */
    default InputStream openBlob(Repository repository, Digest digest, long offsetBytes) throws RegistryException {
        return openBlob(repository, digest, offsetBytes, Long.MAX_VALUE);
    }

    /**
     * Reads a small blob whole and verifies it.
     *
     * @throws RegistryException also with {@code PROTOCOL} if it is longer than allowed, {@code DIGEST_MISMATCH} if its
     *     bytes are not what the digest says
     */
    default byte[] readBlob(Repository repository, Digest digest, int maxBytes) throws RegistryException {
        String deed = "read the blob " + digest + " of " + repository;
        byte[] bytes;
        try (InputStream in = openBlob(repository, digest, 0)) {
            bytes = in.readNBytes(maxBytes);
            if (in.read() >= 0) {
                throw RegistryException.of(
                        RegistryException.Reason.PROTOCOL, deed, "it is longer than " + maxBytes + " bytes", null);
            }
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw RegistryException.of(RegistryException.Reason.UNAVAILABLE, deed, "the connection broke", e);
        }
        if (!digest.algorithm().of(bytes).equals(digest)) {
            throw RegistryException.of(
                    RegistryException.Reason.DIGEST_MISMATCH, deed, "its bytes have another digest", null);
        }
        return bytes;
    }

    /** Begins an upload of a blob. One that is neither completed nor cancelled stays until the registry purges it. */
    UploadLocation startUpload(Repository repository) throws RegistryException;

    /**
     * Appends a chunk to an upload, streaming.
     *
     * <p>Not idempotent, but safe to get wrong: a chunk that does not begin where the upload stands is refused
     * ({@code UPLOAD_OUT_OF_STEP}) and nothing is written, and the same goes for a location that is not the newest. If
     * the connection or the body breaks midway, the registry keeps what arrived: go on from {@link #uploadStatus}.
     *
     * @param lengthBytes 1 or more
     * @return where the next step goes
     * @throws IOException what the body threw, unchanged; everything else is a {@link RegistryException}, also with
     *     {@code UPLOAD_UNKNOWN}
     */
    UploadLocation uploadChunk(UploadLocation location, long offsetBytes, long lengthBytes, ChunkBody body)
            throws IOException;

    /**
     * Asks how far an upload is, or nothing if the registry does not know it (any more). Any location of the upload will
     * do; the one that is returned is fresh. Measured with distribution v3.1.1, and to be known:
     *
     * <ul>
     *   <li>The registry says {@code Range: 0-N}, N being the last byte's index, for an empty upload {@code 0-0} as well
     *       as for one of a single byte. Both are reported as 0; where it was 1, the chunk at 0 is refused. So a second
     *       refusal at 0 means: start another upload.
     *   <li>While a chunk is being received the status moves, and lags behind what was sent by what is buffered. Two
     *       chunks received at once write over each other without any error. So ask when the earlier writer is known to
     *       be gone; if it was not, completing fails with {@code DIGEST_MISMATCH}, and no harm is done but the work.
     *   <li>docker-registry 2.8 cancels an upload that is asked with a stale location: empty.
     * </ul>
     */
    Optional<UploadStatus> uploadStatus(UploadLocation location) throws RegistryException;

    /**
     * Turns an upload into a blob, atomically. Idempotent: completing an upload that is gone succeeds if the repository
     * has the blob.
     *
     * <p>May take long: a registry may read the whole blob once more. If the answer is lost ({@code UNAVAILABLE}), call
     * again.
     *
     * @throws RegistryException also with {@code DIGEST_MISMATCH} (distribution keeps the upload: cancel it),
     *     {@code UPLOAD_UNKNOWN}, {@code UPLOAD_OUT_OF_STEP} for a stale location
     */
    void completeUpload(UploadLocation location, Digest digest) throws RegistryException;

    /** Gives an upload up; idempotent. Any location of it will do. Registries that can't cancel purge it some day. */
    void cancelUpload(UploadLocation location) throws RegistryException;

    /** Makes a blob of another repository of this registry one of this repository, if the registry can; idempotent. */
    BlobMount mountBlob(Repository repository, Digest digest, Repository from) throws RegistryException;

    /**
     * Stores a manifest; atomic and idempotent. A tag that exists moves to it.
     *
     * @return the digest under which it is stored
     * @throws RegistryException also with {@code BLOB_UNKNOWN} if it names what the repository does not have,
     *     {@code DIGEST_MISMATCH} if the reference is a digest of something else
     */
    Digest putManifest(Repository repository, ManifestReference reference, byte[] manifest, String mediaType)
            throws RegistryException;

    /** Reads a manifest or index and verifies its digest; at most {@link #MAX_MANIFEST_BYTES}. */
    FetchedManifest getManifest(Repository repository, ManifestReference reference) throws RegistryException;

    /** What the reference points at, or empty. */
    Optional<Descriptor> headManifest(Repository repository, ManifestReference reference) throws RegistryException;

    /**
     * Deletes a manifest with every tag that points at it; idempotent. Its blobs stay until the registry collects its
     * garbage.
     *
     * @throws DeleteNotAllowedException if the registry is configured to keep everything
     */
    void deleteManifest(Repository repository, Digest digest) throws RegistryException;

    /** All tags of a repository, in the registry's order; empty if there is no such repository. */
    List<Tag> listTags(Repository repository) throws RegistryException;

    /** Stores a small blob; idempotent. */
    default Digest pushBlob(Repository repository, byte[] content) throws RegistryException {
        Digest digest = Digest.sha256(content);
        if (headBlob(repository, digest).isPresent()) {
            return digest;
        }
        UploadLocation location = startUpload(repository);
        if (content.length > 0) {
            try {
                location = uploadChunk(location, 0, content.length, ChunkBody.of(content));
            } catch (RegistryException e) {
                throw e;
            } catch (IOException e) {
                throw new IllegalStateException("a chunk in memory can't fail", e);
            }
        }
        completeUpload(location, digest);
        return digest;
    }
}
