package io.virtualimage.oci;

import io.virtualimage.oci.RegistryException.Reason;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Uploads blobs in chunks (OCI distribution specification, "Pushing a blob in chunks", "Mounting a blob"). */
final class Uploads {

    private static final Logger log = LoggerFactory.getLogger(Uploads.class);

    private static final RequestBody EMPTY = RequestBody.create(new byte[0]);
    private static final Pattern RANGE = Pattern.compile("(?:bytes=)?0-([0-9]{1,18})");

    private final RegistryHttp http;
    private final Blobs blobs;

    Uploads(RegistryHttp http, Blobs blobs) {
        this.http = http;
        this.blobs = blobs;
    }

    UploadLocation start(Repository repository) throws RegistryException {
        RegistryCall call = new RegistryCall(
                        "start an upload to " + repository, Scope.push(repository), "POST", uploads(repository))
                .withBody(EMPTY);
        try (Response response = http.send(call)) {
            if (response.code() != 202) {
                throw ErrorAnswer.of(call, response);
            }
            return location(call, repository, response);
        }
    }

    BlobMount mount(Repository repository, Digest digest, Repository from) throws RegistryException {
        HttpUrl url = uploads(repository)
                .newBuilder()
                .addQueryParameter("mount", digest.toString())
                .addQueryParameter("from", from.name())
                .build();
        RegistryCall call = new RegistryCall(
                        "mount the blob " + digest + " of " + from + " into " + repository,
                        Scope.mount(repository, from),
                        "POST",
                        url)
                .withBody(EMPTY);
        try (Response response = http.send(call)) {
            return switch (response.code()) {
                case 201 -> new BlobMount.Mounted();
                case 202 -> new BlobMount.UploadStarted(location(call, repository, response));
                default -> throw ErrorAnswer.of(call, response);
            };
        }
    }

    UploadLocation chunk(UploadLocation location, long offsetBytes, long lengthBytes, ChunkBody body)
            throws IOException {
        if (offsetBytes < 0 || lengthBytes < 1) {
            throw new IllegalArgumentException("not a chunk: " + lengthBytes + " bytes from " + offsetBytes);
        }
        long end = Math.addExact(offsetBytes, lengthBytes);
        ChunkRequestBody chunk = new ChunkRequestBody(body, lengthBytes);
        RegistryCall call = call("upload " + lengthBytes + " bytes from " + offsetBytes + " to ", location, "PATCH")
                .withHeaders(Map.of("Content-Range", offsetBytes + "-" + (end - 1)))
                .withBody(chunk);
        try (Response response = http.send(call)) {
            chunk.rethrow();
            // 202 is specified; some registries say 201 or 204.
            if (response.code() < 200 || response.code() > 204) {
                throw refused(call, response);
            }
            OptionalLong stands = offset(response);
            if (stands.isPresent() && stands.getAsLong() != end) {
                throw call.failed(Reason.UPLOAD_OUT_OF_STEP, "the upload stands at " + stands.getAsLong() + " now");
            }
            return location(call, location.repository(), response);
        } catch (RegistryException e) {
            chunk.rethrow();
            throw e;
        }
    }

    Optional<UploadStatus> status(UploadLocation location) throws RegistryException {
        RegistryCall call = call("ask how far the upload is to ", location, "GET");
        try (Response response = http.send(call)) {
            return switch (response.code()) {
                case 200, 202, 204 -> Optional.of(status(call, location, response));
                case 400, 404, 410, 416 -> Optional.empty();
                default -> throw ErrorAnswer.of(call, response);
            };
        }
    }

    private UploadStatus status(RegistryCall call, UploadLocation location, Response response)
            throws RegistryException {
        OptionalLong offset = offset(response);
        if (offset.isEmpty()) {
            throw call.failed(Reason.PROTOCOL, "the registry did not say the range it has");
        }
        // An empty upload and one of a single byte look the same: "0-0".
        long known = offset.getAsLong() == 1 ? 0 : offset.getAsLong();
        boolean fresh = response.header("Location") != null;
        return new UploadStatus(fresh ? location(call, location.repository(), response) : location, known);
    }

    void complete(UploadLocation location, Digest digest) throws RegistryException {
        RegistryCall ending = call("complete the upload of " + digest + " to ", location, "PUT");
        HttpUrl url = ending.url()
                .newBuilder()
                .addQueryParameter("digest", digest.toString())
                .build();
        RegistryCall call = new RegistryCall(ending.deed(), ending.scope(), "PUT", url)
                .withBody(EMPTY)
                .mayBeSlow();
        try (Response response = http.send(call)) {
            if (response.code() >= 200 && response.code() <= 204) {
                return;
            }
            RegistryException refusal = refused(call, response);
            // The answer of an earlier try may have been lost.
            if (refusal.reason() == Reason.UPLOAD_UNKNOWN
                    && blobs.head(location.repository(), digest).isPresent()) {
                return;
            }
            throw refusal;
        }
    }

    void cancel(UploadLocation location) throws RegistryException {
        if (!delete(location)) {
            // Stale locations are refused; the status has a fresh one.
            Optional<UploadStatus> status = status(location);
            if (status.isPresent() && !delete(status.get().location())) {
                throw call("cancel the upload to ", location, "DELETE")
                        .failed(Reason.UPLOAD_OUT_OF_STEP, "somebody else goes on with it");
            }
        }
    }

    private boolean delete(UploadLocation location) throws RegistryException {
        RegistryCall call = call("cancel the upload to ", location, "DELETE");
        try (Response response = http.send(call)) {
            return switch (response.code()) {
                case 200, 202, 204, 404, 410 -> true;
                case 405, 501 -> {
                    log.atDebug()
                            .addKeyValue("repository", location.repository())
                            .log("registry cannot cancel uploads, it will purge this one");
                    yield true;
                }
                case 400, 416 -> false;
                default -> throw ErrorAnswer.of(call, response);
            };
        }
    }

    private RegistryCall call(String deed, UploadLocation location, String method) throws RegistryException {
        Repository repository = location.repository();
        HttpUrl url = HttpUrl.parse(location.uri().toString());
        if (url == null) {
            throw RegistryException.of(
                    Reason.PROTOCOL, deed + repository, "the upload's location is not an http(s) address", null);
        }
        return new RegistryCall(deed + repository, Scope.push(repository), method, url);
    }

    private static RegistryException refused(RegistryCall call, Response response) {
        return switch (response.code()) {
            case 404, 410 -> ErrorAnswer.of(call, response, Reason.UPLOAD_UNKNOWN);
            case 416 -> ErrorAnswer.of(call, response, Reason.UPLOAD_OUT_OF_STEP);
            default -> ErrorAnswer.of(call, response);
        };
    }

    private UploadLocation location(RegistryCall call, Repository repository, Response response)
            throws RegistryException {
        HttpUrl url = RegistryHttp.resolve(response, response.header("Location"));
        if (url == null) {
            throw call.failed(Reason.PROTOCOL, "the registry did not say where the upload goes on");
        }
        try {
            return new UploadLocation(repository, new URI(http.keepTls(url).toString()));
        } catch (URISyntaxException e) {
            throw RegistryException.of(Reason.PROTOCOL, call.deed(), "the upload's location is no address", e);
        }
    }

    private static OptionalLong offset(Response response) {
        @Nullable String range = response.header("Range");
        Matcher matcher = RANGE.matcher(range == null ? "" : range);
        return matcher.matches() ? OptionalLong.of(Long.parseLong(matcher.group(1)) + 1) : OptionalLong.empty();
    }

    private HttpUrl uploads(Repository repository) {
        return http.url(repository + "/blobs/uploads/");
    }
}
