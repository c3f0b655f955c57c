package io.virtualimage.fetcher.upload;

import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.Refusal.RefusedException;
import io.virtualimage.fetcher.upload.Spool.SpoolException;
import io.virtualimage.fetcher.upload.UploadProtocol.Sending;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.work.AnnouncementException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The way of a body from the client into staging, segment by segment, at the client's pace and in constant memory. */
final class UploadTransfer {
    private static final Logger LOG = LoggerFactory.getLogger(UploadTransfer.class);
    private static final int BUFFER_BYTES = 64 * 1024;

    private final Sending sending;
    private final UploadLimits limits;
    private final UploadSession session;
    private final SegmentStager stager;
    private final LongConsumer received;
    private final int segmentBytes;

    /** Length of the file; null if neither this request nor an earlier one has told it. */
    private final @Nullable Long total;

    private int index;
    private long end;

    /** @param received told of bytes as they come */
    UploadTransfer(
            Sending sending, UploadLimits limits, UploadSession session, SegmentStager stager, LongConsumer received) {
        this.sending = sending;
        this.limits = limits;
        this.session = session;
        this.stager = stager;
        this.received = received;
        this.segmentBytes = session.opened().segmentBytes();
        this.total = session.opened().lengthBytes();
        this.index = session.opened().fromIndex();
        this.end = sending.offset();
    }

    /**
     * Receives all of the body. On return, whole segments of it are staged and announced, and have come back on the
     * topic; of a part that isn't the last one, what is less than a segment is dropped.
     *
     * @return the facts then
     * @throws IOException if the client went away; what was whole by then is staged and announced
     * @throws InterruptedException as above, if the process is being stopped
     */
    SourceFacts run(ClientBody body, Path spools)
            throws IOException, RefusedException, AnnouncementException, InterruptedException {
        try (Spool even = Spool.in(spools);
                Spool odd = Spool.in(spools)) {
            try {
                receive(body, even, odd);
            } finally {
                stager.awaitAnyway(); // a spool that is being staged must not go
            }
        } catch (SpoolException e) {
            LOG.atError()
                    .addKeyValue("image", session.image().subject())
                    .addKeyValue("uid", session.image().uid())
                    .setCause(e)
                    .log("what comes of an upload can't be kept");
            throw Refusal.of(Kind.UNAVAILABLE, "This replica can't keep what comes. Go on with the upload in a moment.")
                    .retryAfter(Duration.ofSeconds(5))
                    .exception();
        }
        return settle();
    }

    private void receive(ClientBody body, Spool even, Spool odd)
            throws IOException, SpoolException, RefusedException, InterruptedException {
        byte[] buffer = new byte[BUFFER_BYTES];
        boolean more = true;
        for (Spool spool = even; more; spool = spool == even ? odd : even) {
            more = fill(body, spool, buffer);
            long length = spool.lengthBytes();
            if (!more && total != null && sending.completes() && end != total) {
                throw Refusal.of(
                                Kind.WRONG_LENGTH,
                                "The body ended after byte %d of a file of %d bytes.".formatted(end, total))
                        .exception();
            }
            boolean last = (!more && sending.completes()) || (total != null && end == total);
            if (last && more) {
                // Before it completes what isn't whole.
                requireEnd(body, end);
                more = false;
            }
            if (length == segmentBytes || (length > 0 && last)) {
                stager.begin(index, spool, last ? Long.valueOf(end) : total);
                index++;
            }
        }
    }

    /** Reads a segment; returns whether the body may go on after it. */
    private boolean fill(ClientBody body, Spool spool, byte[] buffer)
            throws IOException, SpoolException, RefusedException {
        spool.clear();
        while (spool.lengthBytes() < segmentBytes) {
            int count = body.read(buffer, (int) Math.min(buffer.length, segmentBytes - spool.lengthBytes()));
            if (count < 0) {
                return false;
            }
            spool.write(buffer, count);
            end += count;
            received.accept(count);
            if (total != null && end > total) {
                throw goesOn(total);
            }
            if (end > limits.maxBytes()) {
                throw UploadRules.tooLarge(limits).exception();
            }
        }
        return true;
    }

    private static void requireEnd(ClientBody body, long totalBytes) throws IOException, RefusedException {
        if (body.read(new byte[1], 1) >= 0) {
            throw goesOn(totalBytes);
        }
    }

    private static RefusedException goesOn(long totalBytes) {
        return Refusal.of(
                        Kind.WRONG_LENGTH,
                        "The body goes on after the %d bytes that the file was said to have.".formatted(totalBytes))
                .exception();
    }

    private SourceFacts settle() throws RefusedException, AnnouncementException, InterruptedException {
        if (sending.completes()) {
            if (end == 0) {
                throw Refusal.of(Kind.EMPTY, "The file is empty: there is nothing to make an image of.")
                        .exception();
            }
            if (total == null) {
                session.tellLength(end);
            }
            session.awaitUntil(facts -> facts.staged().complete());
        } else {
            int staged = index;
            session.awaitUntil(facts -> facts.staged().present().firstMissing(0) >= staged);
        }
        return session.facts();
    }
}
