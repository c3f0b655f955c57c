package io.virtualimage.oci;

import io.virtualimage.oci.RegistryException.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * A registry in memory that behaves like distribution v3.1.1 does, as far as {@link OciRegistryContract} can tell:
 * stale locations are refused, broken chunks keep what arrived, deleting a manifest takes its tags along.
 *
 * <p>Deterministic: upload names are numbered, nothing happens by itself, and there are no threads. Not thread-safe.
 */
public final class InMemoryRegistry implements OciRegistry {
    /** Whether it begins an upload where it is asked to mount, as the specification allows. */
    public volatile boolean refusesMounts;

    private final boolean deletionAllowed;
    private final Map<Repository, Contents> repositories = new HashMap<>();
    private final Map<String, Upload> uploads = new TreeMap<>();
    private final List<String> reads = new ArrayList<>();
    private long started;
    private long bytesRead;
    private int open;
    private int mostOpen;
    private boolean hasRanges = true;
    private long bytesPerConnection = Long.MAX_VALUE;

    public InMemoryRegistry() {
        this(true);
    }

    public InMemoryRegistry(boolean deletionAllowed) {
        this.deletionAllowed = deletionAllowed;
    }

    /** Forgets every upload, as a registry does that was set up anew or that purges. */
    public void forgetUploads() {
        uploads.clear();
    }

    /** Loses a blob, as an accident or a garbage collection does. */
    public void loseBlob(Repository repository, Digest digest) {
        contents(repository).blobs.remove(digest);
    }

    /** How many uploads are neither completed nor cancelled. */
    public int openUploads() {
        return uploads.size();
    }

    /** From now on offsets are ignored, as some registries and caches do. */
    public void ignoreRanges() {
        hasRanges = false;
    }

    /** From now on a connection that reads a blob breaks after so many bytes. */
    public void breakConnectionsAfter(long bytes) {
        bytesPerConnection = bytes;
    }

    /** The reads of blobs so far: {@code algorithm:digest offset+length}. */
    public List<String> reads() {
        return reads;
    }

    /** How many bytes of blobs were read so far. */
    public long bytesRead() {
        return bytesRead;
    }

    /** How many connections that read blobs were open at once, at most. */
    public int mostOpen() {
        return mostOpen;
    }

    /** Stores a blob whatever its digest, as a registry that is damaged or lies does. */
    public void putBlob(Repository repository, Digest digest, byte[] content) {
        contents(repository).blobs.put(digest, content);
    }

    @Override
    public void checkApi() {}

    @Override
    public OptionalLong headBlob(Repository repository, Digest digest) {
        byte[] blob = contents(repository).blobs.get(digest);
        return blob == null ? OptionalLong.empty() : OptionalLong.of(blob.length);
    }

    @Override
    public InputStream openBlob(Repository repository, Digest digest, long offsetBytes, long lengthBytes)
            throws RegistryException {
        if (offsetBytes < 0 || lengthBytes < 1) {
            throw new IllegalArgumentException("not a range of a blob: " + lengthBytes + " bytes from " + offsetBytes);
        }
        String deed = "read the blob " + digest + " of " + repository + " from " + offsetBytes;
        byte[] blob = contents(repository).blobs.get(digest);
        if (blob == null) {
            throw failure(Reason.NOT_FOUND, deed, "there is no such blob");
        }
        if (offsetBytes > blob.length) {
            throw failure(Reason.PROTOCOL, deed, "it has " + blob.length + " bytes");
        }
        int length = (int) Math.min(lengthBytes, blob.length - offsetBytes);
        if (!hasRanges && offsetBytes > 0) {
            throw failure(Reason.RANGES_UNSUPPORTED, deed, "the registry ignored the range");
        }
        reads.add(digest + " " + offsetBytes + "+" + length);
        return new Connection(new ByteArrayInputStream(blob, (int) offsetBytes, length));
    }

    private final class Connection extends FilterInputStream {
        private long left = bytesPerConnection;
        private boolean closed;

        private Connection(InputStream blob) {
            super(blob);
            mostOpen = Math.max(mostOpen, ++open);
        }

        @Override
        public void close() {
            open -= closed ? 0 : 1;
            closed = true;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, (int) Math.min(length, Math.max(left, 1)));
            if (read > 0 && left == 0) {
                throw new IOException("the connection broke");
            }
            left -= Math.max(read, 0);
            bytesRead += Math.max(read, 0);
            return read;
        }

        @Override
        public long skip(long count) throws IOException {
            return Math.max(read(new byte[(int) Math.min(count, 1 << 16)]), 0);
        }
    }

    @Override
    public UploadLocation startUpload(Repository repository) {
        String name = "upload-" + ++started;
        Upload upload = new Upload(repository, name);
        uploads.put(name, upload);
        return upload.location();
    }

    @Override
    public UploadLocation uploadChunk(UploadLocation location, long offsetBytes, long lengthBytes, ChunkBody body)
            throws IOException {
        if (offsetBytes < 0 || lengthBytes < 1) {
            throw new IllegalArgumentException("not a chunk: " + lengthBytes + " bytes from " + offsetBytes);
        }
        String deed = "upload " + lengthBytes + " bytes from " + offsetBytes + " to " + location.repository();
        Upload upload = current(location, deed);
        if (offsetBytes != upload.bytes.size()) {
            throw failure(Reason.UPLOAD_OUT_OF_STEP, deed, "the upload stands at " + upload.bytes.size());
        }
        long end = offsetBytes + lengthBytes;
        body.writeTo(new OutputStream() {
            @Override
            public void write(int one) {
                write(new byte[] {(byte) one}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                if (upload.bytes.size() + length > end) {
                    throw new IllegalStateException("a chunk of " + lengthBytes + " bytes was given more");
                }
                upload.bytes.write(bytes, offset, length);
            }
        });
        if (upload.bytes.size() != end) {
            throw new IllegalStateException(
                    "a chunk of " + lengthBytes + " bytes ended " + (end - upload.bytes.size()) + " early");
        }
        return upload.location();
    }

    @Override
    public Optional<UploadStatus> uploadStatus(UploadLocation location) {
        Upload upload = uploads.get(name(location));
        if (upload == null || !upload.repository.equals(location.repository())) {
            return Optional.empty();
        }
        // "0-0" says both.
        int offset = upload.bytes.size() == 1 ? 0 : upload.bytes.size();
        return Optional.of(new UploadStatus(upload.location(), offset));
    }

    @Override
    public void completeUpload(UploadLocation location, Digest digest) throws RegistryException {
        String deed = "complete the upload of " + digest + " to " + location.repository();
        Contents contents = contents(location.repository());
        if (!uploads.containsKey(name(location)) && contents.blobs.containsKey(digest)) {
            return;
        }
        byte[] bytes = current(location, deed).bytes.toByteArray();
        if (!digest.algorithm().of(bytes).equals(digest)) {
            throw failure(Reason.DIGEST_MISMATCH, deed, "the bytes have another digest");
        }
        contents.blobs.put(digest, bytes);
        uploads.remove(name(location));
    }

    @Override
    public void cancelUpload(UploadLocation location) {
        uploads.remove(name(location));
    }

    @Override
    public BlobMount mountBlob(Repository repository, Digest digest, Repository from) {
        byte[] blob = contents(from).blobs.get(digest);
        if (blob == null || refusesMounts) {
            return new BlobMount.UploadStarted(startUpload(repository));
        }
        contents(repository).blobs.put(digest, blob);
        return new BlobMount.Mounted();
    }

    @Override
    public Digest putManifest(Repository repository, ManifestReference reference, byte[] manifest, String mediaType)
            throws RegistryException {
        String deed = "store the manifest " + reference + " in " + repository;
        Contents contents = contents(repository);
        Digest digest = Digest.sha256(manifest);
        if (reference instanceof Digest named) {
            digest = named.algorithm().of(manifest);
            if (!digest.equals(named)) {
                throw failure(Reason.DIGEST_MISMATCH, deed, "the bytes have another digest");
            }
        }
        for (Digest each : mentioned(Manifest.parse(manifest, mediaType))) {
            if (!contents.blobs.containsKey(each) && !contents.manifests.containsKey(each)) {
                throw failure(Reason.BLOB_UNKNOWN, deed, "blob unknown to registry: " + each);
            }
        }
        Descriptor descriptor = new Descriptor(mediaType, digest, manifest.length);
        contents.manifests.put(digest, new FetchedManifest(descriptor, manifest));
        if (reference instanceof Tag tag) {
            contents.tags.put(tag.name(), digest);
        }
        return digest;
    }

    @Override
    public FetchedManifest getManifest(Repository repository, ManifestReference reference) throws RegistryException {
        return find(repository, reference)
                .orElseThrow(() -> failure(
                        Reason.NOT_FOUND, "read the manifest " + reference + " of " + repository, "manifest unknown"));
    }

    @Override
    public Optional<Descriptor> headManifest(Repository repository, ManifestReference reference) {
        return find(repository, reference).map(FetchedManifest::descriptor);
    }

    @Override
    public void deleteManifest(Repository repository, Digest digest) throws RegistryException {
        if (!deletionAllowed) {
            throw failure(
                    Reason.DELETE_NOT_ALLOWED,
                    "delete the manifest " + digest + " of " + repository,
                    "the operation is unsupported");
        }
        Contents contents = contents(repository);
        contents.manifests.remove(digest);
        contents.tags.values().removeIf(digest::equals);
    }

    @Override
    public List<Tag> listTags(Repository repository) {
        return contents(repository).tags.keySet().stream().map(Tag::new).toList();
    }

    private Optional<FetchedManifest> find(Repository repository, ManifestReference reference) {
        Contents contents = contents(repository);
        Digest digest = switch (reference) {
            case Digest named -> named;
            case Tag tag -> contents.tags.get(tag.name());
        };
        return Optional.ofNullable(digest == null ? null : contents.manifests.get(digest));
    }

    private static List<Digest> mentioned(Manifest manifest) {
        List<Descriptor> all = new ArrayList<>();
        switch (manifest) {
            case ImageManifest image -> {
                all.add(image.config());
                all.addAll(image.layers());
            }
            case ImageIndex index -> all.addAll(index.manifests());
        }
        return all.stream().map(Descriptor::digest).toList();
    }

    private Upload current(UploadLocation location, String deed) throws RegistryException {
        Upload upload = uploads.get(name(location));
        if (upload == null) {
            throw failure(Reason.UPLOAD_UNKNOWN, deed, "blob upload unknown to registry");
        }
        if (!location.equals(upload.location())) {
            throw failure(Reason.UPLOAD_OUT_OF_STEP, deed, "the location is stale");
        }
        return upload;
    }

    private Contents contents(Repository repository) {
        return repositories.computeIfAbsent(repository, each -> new Contents());
    }

    private static String name(UploadLocation location) {
        String path = location.uri().getPath();
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static RegistryException failure(Reason reason, String deed, String why) {
        return RegistryException.of(reason, deed, why, null);
    }

    private static final class Contents {
        private final Map<Digest, byte[]> blobs = new HashMap<>();
        private final Map<Digest, FetchedManifest> manifests = new HashMap<>();
        private final Map<String, Digest> tags = new TreeMap<>();
    }

    private static final class Upload {
        private final Repository repository;
        private final String name;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        private Upload(Repository repository, String name) {
            this.repository = repository;
            this.name = name;
        }

        private UploadLocation location() {
            return new UploadLocation(
                    repository,
                    URI.create(
                            "http://memory/v2/" + repository + "/blobs/uploads/" + name + "?_state=" + bytes.size()));
        }
    }
}
