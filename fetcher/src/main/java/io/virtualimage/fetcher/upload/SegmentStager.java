package io.virtualimage.fetcher.upload;

import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.Refusal.RefusedException;
import io.virtualimage.fetcher.upload.Spool.SpoolException;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.UploadOpened;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stages segments one after another, each while the next one is being read. */
final class SegmentStager {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentStager.class);

    /** For how long an outage of our own is sat out while the client waits. */
    private static final Duration OUTAGE = Duration.ofSeconds(60);

    private static final long FIRST_PAUSE_MS = 250;
    private static final long LONGEST_PAUSE_MS = 5_000;

    private final UploadPorts ports;
    private final UploadSession session;
    private @Nullable FutureTask<@Nullable Void> last;

    SegmentStager(UploadPorts ports, UploadSession session) {
        this.ports = ports;
        this.session = session;
    }

    /** Begins with a segment, after the one before is staged and announced. The spool is in use until {@link #await}. */
    void begin(int index, Spool spool, @Nullable Long sourceLengthBytes) throws RefusedException, InterruptedException {
        await();
        FutureTask<@Nullable Void> task = new FutureTask<>(() -> {
            stage(index, spool, sourceLengthBytes);
            return null;
        });
        last = task;
        Thread.ofVirtual().name("upload-segment-" + index).start(task);
    }

    /** Waits until what was begun is staged and announced. */
    void await() throws RefusedException, InterruptedException {
        FutureTask<@Nullable Void> begun = last;
        if (begun == null) {
            return;
        }
        try {
            begun.get();
            last = null;
        } catch (ExecutionException e) {
            last = null;
            if (e.getCause() instanceof RefusedException refused) {
                throw refused;
            }
            LOG.atError().setCause(e.getCause()).log("a segment of an upload could not be staged");
            throw unavailable().exception();
        }
    }

    /** As {@link #await}, whatever interrupts this thread. */
    void awaitAnyway() throws RefusedException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    await();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void stage(int index, Spool spool, @Nullable Long sourceLengthBytes)
            throws RefusedException, InterruptedException {
        Instant until = ports.clock().instant().plus(OUTAGE);
        long pause = FIRST_PAUSE_MS;
        while (true) {
            session.check();
            try {
                put(index, spool, sourceLengthBytes);
                return;
            } catch (StagingUnavailableException | AnnouncementException | SpoolException | IOException e) {
                LOG.atWarn()
                        .addKeyValue("image", session.image().subject())
                        .addKeyValue("uid", session.image().uid())
                        .addKeyValue("segment", index)
                        .setCause(e)
                        .log("a segment of an upload was not staged; it is tried again");
            }
            if (ports.clock().instant().isAfter(until)) {
                throw unavailable().exception();
            }
            TimeUnit.MILLISECONDS.sleep(pause);
            pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
        }
    }

    private void put(int index, Spool spool, @Nullable Long sourceLengthBytes)
            throws StagingUnavailableException, AnnouncementException, SpoolException, IOException,
                    InterruptedException {
        UploadOpened upload = session.opened();
        SegmentKey key = SegmentKey.source(upload.image(), upload.epoch(), index);
        SegmentFacts facts;
        try (InputStream bytes = new KeptOpen(spool.read())) {
            facts = ports.staging()
                    .put(
                            key,
                            upload.session(),
                            Math.toIntExact(spool.lengthBytes()),
                            bytes,
                            StagingStore.Overwrite.ALLOW)
                    .orElseThrow(() -> new IllegalStateException("overwriting was refused"));
        }
        ports.announcer()
                .announce(new SegmentFetched(
                        upload.image(),
                        upload.epoch(),
                        upload.session(),
                        index,
                        facts.lengthBytes(),
                        facts.crc32c(),
                        facts.zeroBlocks(),
                        facts.allZero(),
                        sourceLengthBytes,
                        ports.worker()));
    }

    private static Refusal unavailable() {
        return Refusal.of(Kind.UNAVAILABLE, "The file can't be stored at the moment. Go on with the upload later.")
                .retryAfter(Duration.ofSeconds(30));
    }

    /** Whoever has read a spool must not close it. */
    private static final class KeptOpen extends java.io.FilterInputStream {
        KeptOpen(InputStream in) {
            super(in);
        }

        @Override
        public void close() {}
    }
}
