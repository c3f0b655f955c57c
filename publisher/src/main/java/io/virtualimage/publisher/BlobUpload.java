package io.virtualimage.publisher;

import io.virtualimage.oci.ChunkBody;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.UploadLocation;
import io.virtualimage.oci.UploadStatus;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One upload at the registry with its checkpoint in staging, owned by one worker at a time: whoever takes it over writes
 * its name into the checkpoint, and the one before gives up when it sees that. That keeps two workers from getting into
 * each other's way; it is not what keeps the layer right, which is that both write the same bytes and the registry
 * verifies the digest.
 */
final class BlobUpload {
    /** A worker that was away for longer than this looks whether the upload is still its own. */
    private static final Duration OWNERSHIP_TRUSTED = Duration.ofSeconds(5);

    /** Who else is at the upload gets this long to come to an end. */
    private static final Duration COLLISION_DELAY = Duration.ofSeconds(1);

    private final OciRegistry registry;
    private final StagingStore staging;
    private final Clock clock;
    private final Task.PushLayer task;
    private final Repository repository;
    private PushCheckpoint checkpoint;
    private Instant ownershipSeen;
    private long offset;
    private Optional<Digest> finished = Optional.empty();

    private BlobUpload(
            OciRegistry registry,
            StagingStore staging,
            Clock clock,
            Task.PushLayer task,
            Repository repository,
            PushCheckpoint checkpoint) {
        this.registry = registry;
        this.staging = staging;
        this.clock = clock;
        this.task = task;
        this.repository = repository;
        this.checkpoint = checkpoint;
        this.ownershipSeen = clock.instant();
    }

    /** The registry did not take a chunk whole. The upload's offset is what it is now. */
    static final class ChunkBrokenException extends Exception {
        ChunkBrokenException(RegistryException cause) {
            super(cause);
        }
    }

    /**
     * Takes over the upload that an earlier worker left, or begins one.
     *
     * @param fresh what to begin with if there is none
     */
    static BlobUpload takeOver(
            OciRegistry registry,
            StagingStore staging,
            Clock clock,
            Task.PushLayer task,
            Repository repository,
            PushCheckpoint fresh)
            throws TaskDeferredException, StagingUnavailableException, InterruptedException {
        PushCheckpoint checkpoint = PushCheckpoint.read(staging, task)
                .filter(fresh::isOf)
                .map(found -> found.ownedBy(fresh.owner()))
                .orElse(fresh);
        BlobUpload upload = new BlobUpload(registry, staging, clock, task, repository, checkpoint);
        try {
            upload.save(checkpoint);
            upload.goOn();
            return upload;
        } catch (RegistryException e) {
            throw RegistryTrouble.outage(e);
        }
    }

    /** Gives up what an earlier worker may have left of a push that nobody needs any more. As well as it can. */
    static void drop(OciRegistry registry, StagingStore staging, Task.PushLayer task, Repository repository)
            throws StagingUnavailableException, InterruptedException, RegistryException {
        Optional<UploadLocation> left = PushCheckpoint.read(staging, task)
                .filter(found -> found.repository().equals(repository.name()))
                .flatMap(PushCheckpoint::upload);
        if (left.isPresent()) {
            registry.cancelUpload(left.get());
        }
    }

    /** How many bytes the registry has. */
    long offset() {
        return offset;
    }

    /** The layer's digest, if all of it was sent by now; it may still have to be completed. */
    Optional<Digest> sent() {
        return offset == checkpoint.totalBytes() ? checkpoint.layer() : Optional.empty();
    }

    /** The layer, if the registry had it already. */
    Optional<Digest> finished() {
        return finished;
    }

    private boolean has(Digest layer) throws RegistryException {
        return registry.headBlob(repository, layer).equals(OptionalLong.of(checkpoint.totalBytes()));
    }

    private void goOn() throws RegistryException, StagingUnavailableException, InterruptedException {
        Optional<Digest> layer = checkpoint.layer();
        if (layer.isPresent() && has(layer.get())) {
            finished = layer;
            return;
        }
        Optional<UploadLocation> left = checkpoint.upload();
        Optional<UploadStatus> status = left.isEmpty() ? Optional.empty() : registry.uploadStatus(left.get());
        if (status.isPresent() && status.get().offsetBytes() <= checkpoint.totalBytes()) {
            offset = status.get().offsetBytes();
            PushCheckpoint next = checkpoint.movedTo(status.get().location());
            if (!next.equals(checkpoint)) {
                save(next);
            }
        } else {
            offset = 0;
            save(checkpoint.withoutUpload().movedTo(registry.startUpload(repository)));
        }
    }

    /**
     * Sends the next bytes.
     *
     * @param body what it throws, other than the registry's own troubles, reaches the caller
     * @throws ChunkBrokenException if the connection broke; go on from {@link #offset}
     * @throws TaskAbandonedException if another worker has taken the upload over
     */
    void send(long lengthBytes, ChunkBody body)
            throws IOException, ChunkBrokenException, TaskAbandonedException, TaskDeferredException,
                    StagingUnavailableException, InterruptedException {
        if (clock.instant().isAfter(ownershipSeen.plus(OWNERSHIP_TRUSTED))) {
            verifyOwnership();
        }
        try {
            UploadLocation next = registry.uploadChunk(location(), offset, lengthBytes, body);
            offset += lengthBytes;
            save(checkpoint.at(next));
        } catch (RegistryException e) {
            if (e.reason() == RegistryException.Reason.UNAVAILABLE
                    && !Thread.currentThread().isInterrupted()) {
                verifyOwnership();
                askOffset();
                throw new ChunkBrokenException(e);
            }
            throw refused(e);
        }
    }

    /** Makes the upload a layer. */
    void complete(Digest layer)
            throws TaskDeferredException, TaskAbandonedException, StagingUnavailableException, InterruptedException {
        if (!checkpoint.layer().equals(Optional.of(layer))) {
            save(checkpoint.withDigest(layer));
        }
        try {
            registry.completeUpload(location(), layer);
            if (!has(layer)) {
                forget();
                throw RegistryTrouble.fault("the registry took the layer " + layer + ", and doesn't have it", null);
            }
        } catch (RegistryException e) {
            throw refused(e);
        }
    }

    private UploadLocation location() {
        return checkpoint.upload().orElseThrow(() -> new IllegalStateException("there is no upload to go on with"));
    }

    private void askOffset() throws TaskDeferredException, StagingUnavailableException, InterruptedException {
        try {
            Optional<UploadStatus> status = registry.uploadStatus(location());
            if (status.isEmpty() || status.get().offsetBytes() > checkpoint.totalBytes()) {
                forget();
                throw RegistryTrouble.outage("the registry has lost the upload", Duration.ZERO, null);
            }
            offset = status.get().offsetBytes();
            save(checkpoint.movedTo(status.get().location()));
        } catch (RegistryException e) {
            throw RegistryTrouble.outage(e);
        }
    }

    /** What comes of a step that the registry refused; the checkpoint is left so that the next worker can go on. */
    private TaskDeferredException refused(RegistryException e)
            throws TaskAbandonedException, StagingUnavailableException, InterruptedException {
        TaskDeferredException answer = RegistryTrouble.outage(e);
        return switch (e.reason()) {
            case UPLOAD_UNKNOWN, NOT_FOUND -> {
                forget();
                yield answer;
            }
            case DIGEST_MISMATCH -> {
                // Two workers wrote at once, or the registry's storage is at fault: these bytes are of no use.
                cancel();
                yield RegistryTrouble.fault(answer.words(), e);
            }
            case UPLOAD_OUT_OF_STEP -> {
                verifyOwnership();
                if (checkpoint.refusedAt() == offset) {
                    cancel(); // it was not for a moment only: whatever this upload is, we can't go on with it
                } else {
                    save(checkpoint.refusedAt(offset));
                }
                yield RegistryTrouble.outage(answer.words(), COLLISION_DELAY, e);
            }
            case UNAUTHORIZED,
                    FORBIDDEN,
                    UNTRUSTED,
                    DELETE_NOT_ALLOWED,
                    BLOB_UNKNOWN,
                    RANGES_UNSUPPORTED,
                    UNAVAILABLE,
                    PROTOCOL -> answer;
        };
    }

    private void verifyOwnership() throws TaskAbandonedException, StagingUnavailableException, InterruptedException {
        Optional<PushCheckpoint> found = PushCheckpoint.read(staging, task);
        if (found.isPresent() && !found.get().owner().equals(checkpoint.owner())) {
            throw new TaskAbandonedException("another worker goes on with the upload");
        }
        ownershipSeen = clock.instant();
    }

    private void cancel() throws StagingUnavailableException, InterruptedException {
        UploadLocation location = location();
        forget();
        try {
            registry.cancelUpload(location);
        } catch (RegistryException ignored) {
            // The registry purges it some day.
        }
    }

    private void forget() throws StagingUnavailableException, InterruptedException {
        save(checkpoint.withoutUpload());
    }

    private void save(PushCheckpoint next) throws StagingUnavailableException, InterruptedException {
        next.write(staging, task);
        checkpoint = next;
        ownershipSeen = clock.instant();
    }
}
