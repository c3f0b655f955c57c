package io.virtualimage.oci;

import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import okhttp3.OkHttpClient;
import okhttp3.Response;

/**
 * A registry over HTTP. Bodies are streamed; memory grows with neither blobs nor the number of repositories.
 *
 * <p>Credentials go to the registry itself (same scheme, host and port) once it asks for them, and to the token service
 * that it names; no redirect takes them anywhere else. Nothing falls back from TLS to plain HTTP.
 */
public final class HttpRegistry implements OciRegistry {

    private final RegistryHttp http;
    private final Blobs blobs;
    private final Uploads uploads;
    private final Manifests manifests;
    private final Tags tags;

    /**
     * A client; nothing is sent yet.
     *
     * @param client what to build on: its connection pool is shared, and its proxy, DNS and socket settings are kept
     * @param clock for the age of tokens
     */
    public HttpRegistry(RegistrySettings settings, OkHttpClient client, Clock clock) {
        this.http = new RegistryHttp(settings, client, clock);
        this.blobs = new Blobs(http);
        this.uploads = new Uploads(http, blobs);
        this.manifests = new Manifests(http);
        this.tags = new Tags(http);
    }

    @Override
    public void checkApi() throws RegistryException {
        RegistryCall call = new RegistryCall("reach the registry's API", Scope.NONE, "GET", http.url(""));
        try (Response response = http.send(call)) {
            if (response.code() != 200) {
                throw ErrorAnswer.of(call, response);
            }
        }
    }

    @Override
    public OptionalLong headBlob(Repository repository, Digest digest) throws RegistryException {
        return blobs.head(repository, digest);
    }

    @Override
    public InputStream openBlob(Repository repository, Digest digest, long offsetBytes, long lengthBytes)
            throws RegistryException {
        return blobs.open(repository, digest, offsetBytes, lengthBytes);
    }

    @Override
    public UploadLocation startUpload(Repository repository) throws RegistryException {
        return uploads.start(repository);
    }

    @Override
    public UploadLocation uploadChunk(UploadLocation location, long offsetBytes, long lengthBytes, ChunkBody body)
            throws IOException {
        return uploads.chunk(location, offsetBytes, lengthBytes, body);
    }

    @Override
    public Optional<UploadStatus> uploadStatus(UploadLocation location) throws RegistryException {
        return uploads.status(location);
    }

    @Override
    public void completeUpload(UploadLocation location, Digest digest) throws RegistryException {
        uploads.complete(location, digest);
    }

    @Override
    public void cancelUpload(UploadLocation location) throws RegistryException {
        uploads.cancel(location);
    }

    @Override
    public BlobMount mountBlob(Repository repository, Digest digest, Repository from) throws RegistryException {
        return uploads.mount(repository, digest, from);
    }

    @Override
    public Digest putManifest(Repository repository, ManifestReference reference, byte[] manifest, String mediaType)
            throws RegistryException {
        return manifests.put(repository, reference, manifest, mediaType);
    }

    @Override
    public FetchedManifest getManifest(Repository repository, ManifestReference reference) throws RegistryException {
        return manifests.get(repository, reference);
    }

    @Override
    public Optional<Descriptor> headManifest(Repository repository, ManifestReference reference)
            throws RegistryException {
        return manifests.head(repository, reference);
    }

    @Override
    public void deleteManifest(Repository repository, Digest digest) throws RegistryException {
        manifests.delete(repository, digest);
    }

    @Override
    public List<Tag> listTags(Repository repository) throws RegistryException {
        return tags.list(repository);
    }
}
