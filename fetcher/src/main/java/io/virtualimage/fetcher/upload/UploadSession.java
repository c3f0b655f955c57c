package io.virtualimage.fetcher.upload;

import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.Refusal.RefusedException;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.UploadOpened;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.UploadLease;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to write an upload's segments: says again and again that it lives, and sees when it has ended. The thread
 * that reads from the client is interrupted then.
 */
final class UploadSession implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UploadSession.class);
    private static final Duration SIGN_OF_LIFE = UploadLease.LIFE.dividedBy(3);
    private static final long LOOK_MS = 200;

    /** Older than that, and what is known may be history: whoever was paused must not write. */
    private static final Duration FRESH = UploadLease.LIFE.multipliedBy(2).dividedBy(3);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final UploadPorts ports;
    private final UploadBook book;
    private final FollowedUpload followed;
    private final Thread reader = Thread.currentThread();
    private final Thread thread;

    /** What is said again and again; guarded by this. */
    private UploadOpened opened;

    /** Why this is over; guarded by this. */
    private @Nullable Refusal end;

    /** Guarded by this. */
    private SourceFacts facts;

    /** Guarded by this. */
    private Instant heardAt;

    private boolean closing;

    /** Goes on for the session that owns the upload, which is {@code followed} by nobody else from here on. */
    UploadSession(UploadPorts ports, UploadBook book, FollowedUpload followed, UploadOpened opened) {
        this.ports = ports;
        this.book = book;
        this.followed = followed;
        this.opened = opened;
        this.facts = followed.facts();
        this.heardAt = ports.clock().instant();
        this.thread =
                Thread.ofVirtual().name("upload-session-" + opened.session()).unstarted(this::run);
    }

    UploadSession start() {
        thread.start();
        return this;
    }

    Incarnation image() {
        return opened().image();
    }

    synchronized UploadOpened opened() {
        return opened;
    }

    private void run() {
        Instant saidAt = ports.clock().instant();
        try {
            while (look()) {
                if (!saidAt.plus(SIGN_OF_LIFE).isAfter(ports.clock().instant())) {
                    saidAt = ports.clock().instant();
                    say(opened());
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_MS);
            }
        } catch (InterruptedException e) {
            // close
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).log("an upload could not be followed any more");
            end(Refusal.of(Kind.UNAVAILABLE, "Something went wrong here; try again.")
                    .retryAfter(Duration.ofSeconds(5)));
        }
    }

    private void say(Event event) throws InterruptedException {
        try {
            ports.announcer().announce(event);
        } catch (AnnouncementException e) {
            LOG.atWarn().setCause(e).log("a sign of life was not taken; it is given again");
        }
    }

    /** Returns whether the session goes on. */
    private boolean look() throws InterruptedException {
        followed.look(Duration.ZERO);
        synchronized (this) {
            facts = followed.facts();
            Instant echoed = followed.echoedAt();
            heardAt = echoed == null ? heardAt : echoed;
            notifyAll();
        }
        if (followed.facts().staged().complete()) {
            return true; // nobody can take it away
        }
        Refusal verdict = book.verdict(opened().image()).orElse(null);
        // That the image is made may be heard before the last segment that it is made of: then that is still to come.
        if (verdict != null && verdict.kind() != Kind.COMPLETE) {
            end(verdict);
            return false;
        }
        if (!followed.owned(opened().session())) {
            end(Refusal.of(
                            Kind.BUSY,
                            "Another upload has taken over, because nothing was heard of this one for too long.")
                    .retryAfter(UploadLease.LIFE));
            return false;
        }
        return true;
    }

    private synchronized void end(Refusal refusal) {
        if (end == null && !closing) {
            end = refusal;
            notifyAll();
            reader.interrupt();
        }
    }

    /** Why the session is over; null as long as it isn't. */
    synchronized @Nullable Refusal ended() {
        return end;
    }

    /** @throws RefusedException if the session is over, or it can't be known whether it is */
    void check() throws RefusedException, InterruptedException {
        awaitUntil(_ -> heardAt.plus(FRESH).isAfter(ports.clock().instant()));
    }

    /**
     * Waits until the facts are such.
     *
     * @throws RefusedException if the session is over before, or it takes too long
     */
    synchronized void awaitUntil(Predicate<SourceFacts> facts) throws RefusedException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!facts.test(this.facts)) {
            if (end != null) {
                throw end.exception();
            }
            long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                throw Refusal.of(
                                Kind.UNAVAILABLE,
                                "The bytes are staged, but it can't be settled whose they are; go on with the upload in a moment.")
                        .retryAfter(Duration.ofSeconds(5))
                        .exception();
            }
            wait(left);
        }
        if (end != null) {
            throw end.exception();
        }
    }

    synchronized SourceFacts facts() {
        return facts;
    }

    /** Says how long the whole is, as soon as that is known. */
    void tellLength(long lengthBytes) throws AnnouncementException, InterruptedException {
        UploadOpened longer;
        synchronized (this) {
            longer = new UploadOpened(
                    opened.image(),
                    opened.epoch(),
                    opened.session(),
                    opened.fromIndex(),
                    opened.segmentBytes(),
                    lengthBytes,
                    opened.fileName(),
                    opened.worker());
            opened = longer;
        }
        ports.announcer().announce(longer);
    }

    /** Ends the session in its own words, so that somebody may go on at once. Nothing must be written after that. */
    void interrupted(String message) throws InterruptedException {
        stop();
        if (ended() == null) {
            UploadOpened said = opened();
            say(new Event.UploadInterrupted(said.image(), said.epoch(), said.session(), message, ports.worker()));
        }
    }

    private void stop() throws InterruptedException {
        synchronized (this) {
            closing = true;
        }
        thread.interrupt();
        thread.join();
    }

    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        try {
            stop();
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
