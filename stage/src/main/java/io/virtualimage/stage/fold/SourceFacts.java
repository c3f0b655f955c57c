package io.virtualimage.stage.fold;

import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Event.UploadOpened;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.UploadLease;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one incarnation's source, from {@code virtualimage.fetched}. All who read that topic come to the same
 * facts, because its order is the same for all: that is what settles which of two streams owns an epoch.
 *
 * <p>A higher epoch replaces everything that was known of a lower one.
 *
 * @param epoch how often the source turned out to be a different one, or a stream had to begin again
 * @param opened what the source said of itself; null until it has answered in this epoch
 * @param staged what is staged
 * @param verified whether the requested checksums were found
 * @param completed whether {@code FetchCompleted} was seen
 * @param expired whether nobody may upload any more
 * @param disagreements how many epochs ended because the source had changed
 * @param highWaterBytes the most bytes that were staged in any epoch
 */
public record SourceFacts(
        int epoch,
        @Nullable SourceOpened opened,
        StagedSource staged,
        boolean verified,
        boolean completed,
        boolean expired,
        int disagreements,
        long highWaterBytes) {

    /** Nothing is known. Segment length 1 stands for "not told yet". */
    public static final SourceFacts NONE = inEpoch(0, 0, 0);

    private static SourceFacts inEpoch(int epoch, int disagreements, long highWaterBytes) {
        return new SourceFacts(
                epoch,
                null,
                new StagedSource(epoch, null, 1, null, SegmentSet.EMPTY, SegmentSet.EMPTY),
                false,
                false,
                false,
                disagreements,
                highWaterBytes);
    }

    /**
     * The facts with one more event of this incarnation.
     *
     * @param at when it was said
     */
    public SourceFacts merge(Event.Fetched event, Instant at) {
        if (event.epoch() < epoch
                || (event instanceof UploadOpened upload && !mayOwn(upload, at))
                || (event.epoch() > epoch && staged.upload() != null && isOfUnknownUpload(event))) {
            return this;
        }
        SourceFacts facts = event.epoch() > epoch ? inEpoch(event.epoch(), disagreements, highWaterBytes) : this;
        return switch (event) {
            case SourceOpened source -> facts.open(source);
            case SegmentFetched segment -> facts.add(segment, at);
            case StreamBroken broken -> facts.broken(broken.cause());
            case UploadOpened upload -> facts.open(upload, at);
            case Event.UploadInterrupted broken -> facts.interrupted(broken, at);
            case Event.UploadExpired end -> facts.expire(end, at);
            case Event.SourceVerified ignored -> facts.with(facts.staged, true, facts.completed);
            case Event.FetchCompleted done -> facts.with(facts.staged.withLength(done.lengthBytes()), true, true);
        };
    }

    /**
     * Whether a session may own the upload from now on. The one who is alive stays; a dead one is followed by whoever goes
     * on with what is staged, or begins again.
     */
    private boolean mayOwn(UploadOpened upload, Instant at) {
        UploadLease lease = staged.upload();
        if (expired || staged.complete()) {
            return false;
        }
        if (lease == null) {
            return upload.fromIndex() == 0;
        }
        if (upload.epoch() == epoch && lease.owner().equals(upload.session())) {
            return lease.open();
        }
        boolean fits = upload.epoch() > epoch
                ? upload.fromIndex() == 0
                : upload.fromIndex() == staged.present().firstMissing(0);
        return fits && !lease.live(at);
    }

    /** Where there are uploads, each epoch begins with one that is opened: what belongs to none was refused. */
    private static boolean isOfUnknownUpload(Event.Fetched event) {
        return event instanceof Event.UploadInterrupted
                || (event instanceof SegmentFetched segment && segment.session() != null);
    }

    private SourceFacts open(UploadOpened upload, Instant at) {
        UploadLease lease = staged.upload();
        if (lease == null) {
            return described(upload, UploadLease.of(upload.session(), at));
        }
        if (lease.owner().equals(upload.session())) {
            return described(upload, lease.heard(at));
        }
        UploadLease passed = lease.passed(upload.fromIndex(), upload.session(), at);
        // What somebody said of a file that nothing is left of is of no meaning for the one that comes now.
        return upload.fromIndex() == 0
                ? inEpoch(epoch, disagreements, highWaterBytes).described(upload, passed)
                : described(upload, passed);
    }

    private SourceFacts described(UploadOpened upload, UploadLease owned) {
        SourceFacts facts = open(new SourceOpened(
                upload.image(),
                epoch,
                upload.lengthBytes(),
                upload.segmentBytes(),
                null,
                false,
                upload.fileName(),
                null));
        Long length = upload.lengthBytes();
        StagedSource next = facts.staged.withUpload(owned);
        return facts.with(
                length == null || next.lengthBytes() != null ? next : next.withLength(length),
                facts.verified,
                facts.completed);
    }

    private SourceFacts interrupted(Event.UploadInterrupted broken, Instant at) {
        UploadLease lease = staged.upload();
        return lease != null && lease.open() && lease.owner().equals(broken.session())
                ? with(staged.withUpload(lease.closed(at)), verified, completed)
                : this;
    }

    private SourceFacts expire(Event.UploadExpired end, Instant at) {
        UploadLease lease = staged.upload();
        boolean last = lease == null ? end.session() == null : lease.owner().equals(end.session()) && !lease.live(at);
        return last && !staged.complete()
                ? new SourceFacts(epoch, opened, staged, verified, completed, true, disagreements, highWaterBytes)
                : this;
    }

    /** A segment turned out not to be there: a range is fetched again, a stream begins again in the next epoch. */
    public SourceFacts lose(int lostEpoch, @Nullable String session, int index) {
        if (lostEpoch != epoch
                || !Objects.equals(session, staged.session())
                || !staged.present().contains(index)) {
            return this;
        }
        // What was verified is not the bytes that come in its place: then all of it is read and verified again.
        return session != null || verified ? next(false) : with(staged.without(index), false, false);
    }

    private SourceFacts broken(StreamBroken.Cause cause) {
        return switch (cause) {
            case SOURCE_CHANGED -> next(true);
            case SOURCE_BROKE -> next(false);
            // Whoever was given a stream that has reached its end by now has nothing to interrupt.
            case INTERRUPTED -> staged.complete() ? this : next(false);
        };
    }

    private SourceFacts open(SourceOpened source) {
        if (opened == null) {
            StagedSource fresh = new StagedSource(
                    epoch,
                    staged.session(),
                    source.segmentBytes(),
                    source.lengthBytes() != null ? source.lengthBytes() : staged.lengthBytes(),
                    staged.present(),
                    staged.zeros(),
                    staged.upload());
            return new SourceFacts(epoch, source, fresh, verified, completed, expired, disagreements, highWaterBytes);
        }
        if (staged.upload() != null) {
            return this; // a client may say the length later
        }
        boolean same = Objects.equals(opened.lengthBytes(), source.lengthBytes())
                && Objects.equals(opened.validator(), source.validator());
        return same ? this : next(true);
    }

    private SourceFacts add(SegmentFetched segment, Instant at) {
        StagedSource next = staged;
        if (next.present().isEmpty() && next.session() == null && segment.session() != null) {
            next = next.withSession(segment.session());
        }
        if (!Objects.equals(next.sessionOf(segment.index()), segment.session())) {
            return this; // of a stream that does not own this epoch
        }
        Long told = segment.sourceLengthBytes();
        Long known = next.lengthBytes();
        if (next.upload() != null && told != null && known != null && !told.equals(known)) {
            return this; // the end of another file than the one that the upload began with
        }
        next = next.with(segment.index(), segment.allZero());
        UploadLease lease = next.upload();
        if (lease != null && lease.owner().equals(segment.session())) {
            next = next.withUpload(lease.heard(at));
        }
        if (told != null) {
            next = next.withLength(told);
        }
        return with(next, verified, completed);
    }

    private SourceFacts next(boolean disagreed) {
        return inEpoch(epoch + 1, disagreements + (disagreed ? 1 : 0), highWaterBytes);
    }

    private SourceFacts with(StagedSource newStaged, boolean newVerified, boolean newCompleted) {
        return new SourceFacts(
                epoch,
                opened,
                newStaged,
                newVerified,
                newCompleted,
                expired,
                disagreements,
                Math.max(highWaterBytes, opened == null ? 0 : newStaged.presentBytes()));
    }
}
