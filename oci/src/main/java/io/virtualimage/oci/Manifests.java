package io.virtualimage.oci;

import io.virtualimage.oci.RegistryException.Reason;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Reads, writes and deletes manifests (OCI distribution specification, "Pulling", "Pushing", "Deleting Manifests"). */
final class Manifests {

    private static final Map<String, String> ACCEPT = Map.of("Accept", String.join(", ", MediaTypes.MANIFESTS));
    private static final String OLD_TYPE = "application/vnd.docker.distribution.manifest.v1+";
    private static final String DIGEST_HEADER = "Docker-Content-Digest";

    /** Why what was pushed by Docker before 1.10 is not read. */
    static final String OLD_SCHEMA =
            "it is of Docker's schema 1, which is not supported: push the image again with a newer tool";

    private final RegistryHttp http;

    Manifests(RegistryHttp http) {
        this.http = http;
    }

    Digest put(Repository repository, ManifestReference reference, byte[] manifest, String mediaType)
            throws RegistryException {
        RegistryCall call = new RegistryCall(
                        "store the manifest " + reference + " in " + repository,
                        Scope.push(repository),
                        "PUT",
                        url(repository, reference))
                .withBody(RequestBody.create(manifest, MediaType.get(mediaType)));
        try (Response response = http.send(call)) {
            if (response.code() < 200 || response.code() > 204) {
                throw ErrorAnswer.of(call, response);
            }
            Digest stored = digestHeader(response);
            Digest expected = reference instanceof Digest digest ? digest : Digest.sha256(manifest);
            if (stored != null && stored.algorithm() == expected.algorithm() && !stored.equals(expected)) {
                throw call.failed(Reason.DIGEST_MISMATCH, "the registry stored it as " + stored);
            }
            return expected;
        }
    }

    FetchedManifest get(Repository repository, ManifestReference reference) throws RegistryException {
        RegistryCall call = new RegistryCall(
                        "read the manifest " + reference + " of " + repository,
                        Scope.pull(repository),
                        "GET",
                        url(repository, reference))
                .withHeaders(ACCEPT);
        try (Response response = http.send(call)) {
            if (response.code() != 200) {
                throw ErrorAnswer.of(call, response);
            }
            if (contentType(response).startsWith(OLD_TYPE)) {
                // Its digest is one of a part of it, so it would look damaged.
                throw call.failed(Reason.PROTOCOL, OLD_SCHEMA);
            }
            byte[] bytes = read(call, response);
            Digest stated = reference instanceof Digest digest ? digest : digestHeader(response);
            Digest digest =
                    stated == null ? Digest.sha256(bytes) : stated.algorithm().of(bytes);
            if (stated != null && !stated.equals(digest)) {
                throw call.failed(Reason.DIGEST_MISMATCH, "its bytes have the digest " + digest + ", not " + stated);
            }
            return new FetchedManifest(new Descriptor(contentType(response), digest, bytes.length), bytes);
        }
    }

    Optional<Descriptor> head(Repository repository, ManifestReference reference) throws RegistryException {
        RegistryCall call = new RegistryCall(
                        "look for the manifest " + reference + " in " + repository,
                        Scope.pull(repository),
                        "HEAD",
                        url(repository, reference))
                .withHeaders(ACCEPT);
        Digest digest;
        try (Response response = http.send(call)) {
            if (response.code() == 404) {
                return Optional.empty();
            }
            if (response.code() != 200) {
                throw ErrorAnswer.of(call, response);
            }
            digest = reference instanceof Digest named ? named : digestHeader(response);
            if (digest != null && response.header("Content-Length") != null) {
                long length = Blobs.contentLength(call, response);
                return Optional.of(new Descriptor(contentType(response), digest, length));
            }
        }
        // Neither header is a must: then the manifest itself tells.
        return Optional.of(get(repository, reference).descriptor());
    }

    void delete(Repository repository, Digest digest) throws RegistryException {
        RegistryCall call = new RegistryCall(
                "delete the manifest " + digest + " of " + repository,
                Scope.delete(repository),
                "DELETE",
                url(repository, digest));
        try (Response response = http.send(call)) {
            switch (response.code()) {
                case 200, 202, 204, 404, 410 -> {}
                case 405 -> throw ErrorAnswer.of(call, response, Reason.DELETE_NOT_ALLOWED);
                default -> throw ErrorAnswer.of(call, response);
            }
        }
    }

    private static byte[] read(RegistryCall call, Response response) throws RegistryException {
        byte[] bytes;
        try {
            bytes = response.body().byteStream().readNBytes(OciRegistry.MAX_MANIFEST_BYTES + 1);
        } catch (IOException e) {
            throw RegistryException.of(Reason.UNAVAILABLE, call.deed(), "the connection broke: " + e.getMessage(), e);
        }
        if (bytes.length > OciRegistry.MAX_MANIFEST_BYTES) {
            throw call.failed(Reason.PROTOCOL, "it is longer than " + OciRegistry.MAX_MANIFEST_BYTES + " bytes");
        }
        return bytes;
    }

    private static @Nullable Digest digestHeader(Response response) {
        String text = response.header(DIGEST_HEADER);
        try {
            return text == null ? null : Digest.parse(text);
        } catch (IllegalArgumentException e) {
            return null; // An algorithm that we don't know is as good as none.
        }
    }

    private static String contentType(Response response) {
        String type = Objects.requireNonNullElse(response.header("Content-Type"), MediaTypes.OCTET_STREAM);
        int semicolon = type.indexOf(';');
        return (semicolon < 0 ? type : type.substring(0, semicolon)).strip();
    }

    private HttpUrl url(Repository repository, ManifestReference reference) {
        return http.url(repository + "/manifests/" + reference);
    }
}
