package io.virtualimage.publisher;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.UploadLocation;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.Task;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * How far a push has come, as a document beside the staged segments, so that any replica can go on with it.
 *
 * @param owner the worker's turn that is at it: who finds another one's name here gives up
 * @param repository where the layer goes
 * @param session the stream that wrote the source; null if it was read in ranges
 * @param fileName name of the file within the layer
 * @param totalBytes length of the layer
 * @param location where the upload goes on, as the registry said last; null if there is no upload
 * @param refusedAt the offset at which the registry last refused to go on; -1 if it did not
 * @param digest the layer's digest, once all of it has been sent
 */
record PushCheckpoint(
        String owner,
        String repository,
        @Nullable String session,
        String fileName,
        long totalBytes,
        @Nullable String location,
        long refusedAt,
        @Nullable String digest) {
    private static final String DOCUMENT = "push.json";
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    /** Of a push of which nothing has been done yet. */
    static PushCheckpoint begin(String owner, Repository repository, Task.PushLayer task, long totalBytes) {
        return new PushCheckpoint(
                owner,
                repository.name(),
                task.staged().session(),
                task.output().fileName(),
                totalBytes,
                null,
                -1,
                null);
    }

    /** The checkpoint that stands in staging; empty if there is none, or none that can be read. */
    static Optional<PushCheckpoint> read(StagingStore staging, Task.PushLayer task)
            throws StagingUnavailableException, InterruptedException {
        Optional<byte[]> document = staging.getDocument(task.image(), task.epoch(), DOCUMENT);
        try {
            return document.map(bytes -> JSON.readValue(bytes, PushCheckpoint.class));
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    void write(StagingStore staging, Task.PushLayer task) throws StagingUnavailableException, InterruptedException {
        staging.putDocument(task.image(), task.epoch(), DOCUMENT, JSON.writeValueAsBytes(this));
    }

    /** Whether it is of a push of the same bytes to the same place. */
    boolean isOf(PushCheckpoint other) {
        return repository.equals(other.repository)
                && Objects.equals(session, other.session)
                && fileName.equals(other.fileName)
                && totalBytes == other.totalBytes;
    }

    PushCheckpoint ownedBy(String newOwner) {
        return new PushCheckpoint(newOwner, repository, session, fileName, totalBytes, location, refusedAt, digest);
    }

    /** After a step that succeeded. */
    PushCheckpoint at(UploadLocation newLocation) {
        return movedTo(newLocation).refusedAt(-1);
    }

    /** The same upload at the same place, by the name that the registry has for it now. */
    PushCheckpoint movedTo(UploadLocation newLocation) {
        return new PushCheckpoint(
                owner,
                repository,
                session,
                fileName,
                totalBytes,
                newLocation.uri().toString(),
                refusedAt,
                digest);
    }

    PushCheckpoint refusedAt(long offset) {
        return new PushCheckpoint(owner, repository, session, fileName, totalBytes, location, offset, digest);
    }

    PushCheckpoint withDigest(Digest newDigest) {
        return new PushCheckpoint(
                owner, repository, session, fileName, totalBytes, location, refusedAt, newDigest.toString());
    }

    PushCheckpoint withoutUpload() {
        return new PushCheckpoint(owner, repository, session, fileName, totalBytes, null, -1, null);
    }

    /** Where the upload goes on; empty if there is none. */
    Optional<UploadLocation> upload() {
        if (location == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(new UploadLocation(new Repository(repository), new URI(location)));
        } catch (URISyntaxException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** What the layer is, if all of it was sent. */
    Optional<Digest> layer() {
        try {
            return Optional.ofNullable(digest).map(Digest::parse);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
