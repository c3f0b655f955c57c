package io.virtualimage.publisher;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import io.virtualimage.publisher.content.OutputContent;
import io.virtualimage.publisher.content.RecipeContent;
import io.virtualimage.publisher.content.SegmentReader;
import io.virtualimage.publisher.content.SourceContent;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.StagedOutput;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker's turn at pushing one layer. It goes on where the registry stands, which it reaches by hashing again what
 * is staged; sends what is staged as it comes; and parks when nothing comes for a while.
 */
final class LayerPush {
    private static final Logger LOG = LoggerFactory.getLogger(LayerPush.class);

    /** Nothing to send for this long: the worker is needed elsewhere. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** At most so long without asking whether to go on. */
    private static final Duration WAIT = Duration.ofSeconds(1);

    /** At least so long between two words about progress. */
    private static final Duration PROGRESS_PAUSE = Duration.ofMillis(500);

    /** A recipe may go back and forth between what it takes bytes from. */
    private static final int KEPT_FOR_RECIPE = 4;

    private final PublishPorts ports;
    private final Task.PushLayer task;
    private final TaskContext context;
    private final Repository repository;
    private final StagedFollower follower;
    private final LayerBytes layer;
    private MessageDigest hash = Digest.Algorithm.SHA256.newHash();
    private long hashed;
    private int breaks;
    private @Nullable Instant progressSaid;

    private LayerPush(
            PublishPorts ports,
            Task.PushLayer task,
            TaskContext context,
            Repository repository,
            StagedFollower follower,
            LayerBytes layer) {
        this.ports = ports;
        this.task = task;
        this.context = context;
        this.repository = repository;
        this.follower = follower;
        this.layer = layer;
    }

    /** Does what can be done of the task, and announces it. */
    static void run(PublishPorts ports, Task.PushLayer task, Repository repository, TaskContext context)
            throws TaskDeferredException, TaskAbandonedException, SegmentLostException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        StagedOutput recipe = task.recipe();
        int kept = recipe == null ? 1 : KEPT_FOR_RECIPE;
        try (StagedFollower follower = new StagedFollower(task, ports.feeds());
                SegmentReader segments = new SegmentReader(ports.staging(), kept, ports.readAhead())) {
            OutputContent content = recipe == null
                    ? new SourceContent(
                            task.image(), task.epoch(), task.staged().layout(), segments)
                    : RecipeContent.open(task.image(), task.epoch(), recipe, ports.staging(), segments);
            LayerBytes layer = new LayerBytes(task.output().fileName(), content, context);
            try {
                new LayerPush(ports, task, context, repository, follower, layer).run();
            } catch (TaskAbandonedException e) {
                if (follower.obsolete() || ports.ledger().judgeNow(task.image()) == Ledger.Verdict.STALE) {
                    dropUpload(ports, task, repository);
                }
                throw e;
            }
        }
    }

    /** Frees what an unfinished push holds at the registry; if that fails, the registry purges it some day. */
    static void dropUpload(PublishPorts ports, Task.PushLayer task, Repository repository) throws InterruptedException {
        try {
            BlobUpload.drop(ports.registry(), ports.staging(), task, repository);
        } catch (RegistryException | StagingUnavailableException e) {
            LOG.atInfo().addKeyValue("repository", repository).setCause(e).log("upload not cancelled");
        }
    }

    private void run()
            throws TaskDeferredException, TaskAbandonedException, SegmentLostException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        context.checkpoint();
        BlobUpload upload = BlobUpload.takeOver(
                ports.registry(),
                ports.staging(),
                ports.clock(),
                task,
                repository,
                PushCheckpoint.begin(owner(), repository, task, layer.totalBytes()));
        if (upload.finished().isPresent()) {
            announce(upload.finished().get());
            return;
        }
        if (upload.sent().isEmpty() && !push(upload)) {
            return;
        }
        context.checkpoint();
        Digest digest = upload.sent().orElseGet(() -> Digest.ofHash(Digest.Algorithm.SHA256, hash.digest()));
        upload.complete(digest);
        announce(digest);
    }

    /** Names this turn, and no other one: the same worker may get the same attempt twice. */
    private String owner() {
        return "%s/%d/%d/%d"
                .formatted(
                        context.worker(),
                        task.header().attempt(),
                        context.deliveryCount(),
                        ports.clock().millis());
    }

    private void announce(Digest digest) throws AnnouncementException, InterruptedException {
        context.announce(new Event.LayerPushed(task.image(), task.epoch(), digest.toString(), layer.totalBytes()));
        Incarnation image = task.image();
        LOG.atInfo()
                .addKeyValue("namespace", image.namespace())
                .addKeyValue("name", image.name())
                .addKeyValue("uid", image.uid())
                .addKeyValue("generation", image.generation())
                .addKeyValue("layer", digest)
                .addKeyValue("bytes", layer.totalBytes())
                .log("layer pushed");
    }

    /** Sends all of it; false if that was given up for want of bytes, and said so. */
    private boolean push(BlobUpload upload)
            throws TaskDeferredException, TaskAbandonedException, SegmentLostException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        while (hashed < layer.totalBytes() || upload.offset() < layer.totalBytes()) {
            context.checkpoint();
            takeInNews();
            if (upload.offset() < hashed) {
                restartHash(); // the registry has lost some of it
            }
            long readable = layer.readableBytes(follower.staged());
            if (readable <= hashed) {
                if (!await()) {
                    park();
                    return false;
                }
            } else if (hashed < upload.offset()) {
                hashTo(Math.min(upload.offset(), readable));
            } else {
                send(upload, layer.chunkEnd(hashed, readable, ports.chunkBytes()));
            }
        }
        return true;
    }

    private void takeInNews() throws TaskAbandonedException, InterruptedException {
        while (follower.advance(Duration.ZERO)) {
            context.checkpoint();
        }
    }

    /** Waits until something is there to be read; false if nothing came in time. */
    private boolean await() throws TaskAbandonedException, InterruptedException {
        Instant deadline = ports.clock().instant().plus(PATIENCE);
        Duration silent = Duration.ZERO;
        while (layer.readableBytes(follower.staged()) <= hashed) {
            if (silent.compareTo(PATIENCE) >= 0 || !ports.clock().instant().isBefore(deadline)) {
                return false;
            }
            context.checkpoint();
            if (!follower.advance(WAIT)) {
                silent = silent.plus(WAIT);
            }
        }
        return true;
    }

    /**
     * Gives the worker free. Going on costs reading all over again what was sent, so the more that is, the more should
     * be there to go on with.
     */
    private void park() throws AnnouncementException, InterruptedException {
        SegmentSet present = follower.staged().present();
        int next = present.firstMissing(0);
        int further = present.firstMissing(next + next / 8);
        int waitFor = further < task.staged().layout().count() ? further : next;
        context.announce(new Event.PushParked(
                task.image(), task.epoch(), task.id(), task.header().attempt(), waitFor));
    }

    private void restartHash() {
        hash.reset();
        hashed = 0;
    }

    private void hashTo(long to)
            throws SegmentLostException, StagingUnavailableException, TaskAbandonedException, InterruptedException {
        try {
            layer.copy(hashed, to, follower.staged(), hash::update);
        } catch (IOException e) {
            throw new IllegalStateException("a hash can't fail", e);
        }
        hashed = to;
    }

    private void send(BlobUpload upload, long to)
            throws TaskDeferredException, TaskAbandonedException, SegmentLostException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        MessageDigest before = copyOf(hash);
        long from = hashed;
        try {
            upload.send(to - from, out -> {
                try {
                    layer.copy(from, to, follower.staged(), (bytes, offset, length) -> {
                        hash.update(bytes, offset, length);
                        out.write(bytes, offset, length);
                    });
                } catch (SegmentLostException
                        | StagingUnavailableException
                        | TaskAbandonedException
                        | InterruptedException e) {
                    throw new ChunkFailedException(e);
                }
            });
            hashed = to;
            breaks = 0;
            sayProgress();
        } catch (BlobUpload.ChunkBrokenException e) {
            hash = before;
            breaks = upload.offset() > from ? 0 : breaks + 1;
            if (breaks > 1 && e.getCause() instanceof RegistryException cause) {
                throw RegistryTrouble.outage(cause);
            }
        } catch (ChunkFailedException e) {
            e.rethrow();
        } catch (IOException e) {
            throw RegistryTrouble.outage("the connection to the registry broke: " + e, Duration.ZERO, e);
        }
    }

    /** Carries what stopped a chunk's body through the registry's client. */
    private static final class ChunkFailedException extends IOException {
        ChunkFailedException(Exception cause) {
            super(cause);
        }

        void rethrow()
                throws SegmentLostException, StagingUnavailableException, TaskAbandonedException, InterruptedException {
            switch (getCause()) {
                case SegmentLostException lost -> throw lost;
                case StagingUnavailableException unavailable -> throw unavailable;
                case TaskAbandonedException abandoned -> throw abandoned;
                case InterruptedException interrupt -> throw interrupt;
                case null, default -> throw new IllegalStateException(this);
            }
        }
    }

    private static MessageDigest copyOf(MessageDigest hash) {
        try {
            return (MessageDigest) hash.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("this Java's SHA-256 can't be copied", e);
        }
    }

    private void sayProgress() throws AnnouncementException, InterruptedException {
        Instant now = ports.clock().instant();
        if (progressSaid == null || !now.isBefore(progressSaid.plus(PROGRESS_PAUSE))) {
            progressSaid = now;
            context.announce(
                    new Event.StageProgressed(task.image(), task.epoch(), Stage.PUBLISH, hashed, layer.totalBytes()));
        }
    }
}
