package io.virtualimage.fetcher.upload;

import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.UploadProtocol.Sending;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.UploadLease;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/** Whether a file, or a part of it, may be sent now, as the facts are. Pure. */
final class UploadRules {
    /** Who uploads says so three times in the life of a lease; who missed one may be gone. */
    private static final Duration SILENCE = UploadLease.LIFE.dividedBy(3).plus(UploadLease.LIFE.dividedBy(6));

    /** Whose the parts are is told with every task of the image: so many are enough. */
    static final int MOST_PARTS = 1_000;

    /** The same, of one that is cut again and again while its rest is sent. */
    static final int MOST_SESSIONS = 4_000;

    /** What an upload that broke off has under way is staged, most of the time, after so long. */
    private static final Duration FINISHING = Duration.ofSeconds(3);

    private UploadRules() {}

    /** What to do. */
    sealed interface Decision {
        /** Ask for the upload: the topic settles who gets it. */
        record Begin(int epoch, int fromIndex) implements Decision {}

        /** Nothing, until something new is heard or some time has passed. */
        record Wait() implements Decision {}

        /** Say no. */
        record Refuse(Refusal refusal) implements Decision {}
    }

    /**
     * Decides.
     *
     * @param asked when this was first asked for
     */
    static Decision decide(Sending sending, SourceFacts facts, UploadLimits limits, Instant asked, Instant now) {
        StagedSource staged = facts.staged();
        if (staged.complete()) {
            return refuse(complete(staged));
        }
        if (facts.expired()) {
            return refuse(Refusal.of(
                    Kind.OVER,
                    "Nobody uploaded in time, and this address is not valid any more. Apply the image anew."));
        }
        UploadLease lease = staged.upload();
        if (lease != null && lease.live(now)) {
            return mayBeGone(sending, lease, asked, now)
                    ? new Decision.Wait()
                    : refuse(Refusal.of(
                                    Kind.BUSY,
                                    ("A file is being uploaded to this address already; its last sign of life was %d s ago."
                                                    + " If that was an upload of yours that broke off, try again in a"
                                                    + " moment.")
                                            .formatted(Math.max(
                                                    0,
                                                    Duration.between(lease.heardAt(), now)
                                                            .toSeconds())))
                            .retryAfter(Duration.between(now, lease.heardAt().plus(UploadLease.LIFE))));
        }
        long offset = offset(facts);
        if (!sending.resumes()) {
            boolean anew = lease != null && offset > 0;
            return checked(sending, limits, new Decision.Begin(facts.epoch() + (anew ? 1 : 0), 0));
        }
        if (sending.offset() != offset) {
            return refuse(wrongOffset(sending, offset));
        }
        int parts = lease == null ? 0 : lease.sessions().size();
        if (parts >= (sending.completes() ? MOST_SESSIONS : MOST_PARTS)) {
            return refuse(Refusal.of(
                    Kind.MALFORMED,
                    "The file came in %d parts already: send %s."
                            .formatted(parts, parts < MOST_SESSIONS ? "the rest of it at once" : "it anew")));
        }
        Long known = staged.lengthBytes();
        if (known != null && sending.totalBytes() != null && !Objects.equals(known, sending.totalBytes())) {
            return refuse(Refusal.of(
                    Kind.WRONG_LENGTH,
                    "The file has %d bytes, but had %d when its upload began. Upload it from its beginning."
                            .formatted(sending.totalBytes(), known)));
        }
        return checked(
                sending,
                limits,
                new Decision.Begin(facts.epoch(), staged.present().firstMissing(0)));
    }

    /** Bytes that need not be sent again. */
    static long offset(SourceFacts facts) {
        StagedSource staged = facts.staged();
        Long length = staged.lengthBytes();
        if (facts.opened() == null) {
            return 0;
        }
        long whole = (long) staged.present().firstMissing(0) * staged.segmentBytes();
        return length == null ? whole : Math.min(whole, length);
    }

    static Refusal complete(StagedSource staged) {
        return Refusal.of(Kind.COMPLETE, "The upload is complete: nothing more can be sent to this address.")
                .with("Upload-Complete", "?1")
                .with("Upload-Offset", Long.toString(staged.presentBytes()));
    }

    static Refusal tooLarge(UploadLimits limits) {
        return Refusal.of(
                        Kind.TOO_LARGE,
                        "The file is larger than the %d bytes that are taken here.".formatted(limits.maxBytes()))
                .with("Upload-Limit", limits.header());
    }

    /** Whoever goes on with an upload waits for the one before, unless that gives a sign of life meanwhile. */
    private static boolean mayBeGone(Sending sending, UploadLease lease, Instant asked, Instant now) {
        boolean silent = lease.heardAt().plus(SILENCE).isBefore(now);
        boolean heardWhileWaiting = lease.heardAt().isAfter(asked.plus(FINISHING));
        return silent || (sending.resumes() && !heardWhileWaiting);
    }

    private static Refusal wrongOffset(Sending sending, long offset) {
        return Refusal.of(
                        Kind.WRONG_OFFSET,
                        "%d bytes of the file are here, so it goes on from there and not from byte %d: curl -C %d -T FILE ADDRESS"
                                .formatted(offset, sending.offset(), offset))
                .withMember("expected-offset", offset)
                .withMember("provided-offset", sending.offset())
                .with("Upload-Offset", Long.toString(offset))
                .with("Upload-Complete", "?0");
    }

    private static Decision checked(Sending sending, UploadLimits limits, Decision.Begin begin) {
        Long body = sending.bodyBytes();
        Long total = sending.totalBytes();
        long least = total != null ? total : sending.offset() + (body == null ? 0 : body);
        if (least > limits.maxBytes()) {
            return refuse(tooLarge(limits));
        }
        if (!sending.completes() && body != null && body < limits.segmentBytes()) {
            return refuse(Refusal.of(
                            Kind.MALFORMED,
                            "A part that is not the last one has to have %d bytes at least, and this one has %d."
                                    .formatted(limits.segmentBytes(), body))
                    .with("Upload-Limit", limits.header()));
        }
        return begin;
    }

    private static Decision refuse(Refusal refusal) {
        return new Decision.Refuse(refusal);
    }
}
