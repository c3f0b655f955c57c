package io.virtualimage.fetcher.volume;

import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.web.WebAnswer;
import io.virtualimage.stage.web.WebRequest;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.TaskHeartbeat;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.TaskId;
import io.virtualimage.topics.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.zip.CRC32C;

/** Takes in what a Pod sends that has shown its token: stages it, then announces it. May be done any number of times. */
final class VolumeIntake {
    private static final int OK = 200;
    private static final int DONE = 204;
    private static final int REFUSED = 400;
    private static final int NOT_OPEN = 409;
    private static final int OF_NO_USE = 422;

    /** Far more than honest readers need, and a few dozen KiB as text: less than a record on a topic may hold. */
    static final int MOST_RANGES = 4096;

    private static final String FILE_NAME = "disk.img";

    private final StagingStore staging;
    private final Announcer announcer;
    private final SourceBook book;
    private final VolumeLimits limits;
    private final String worker;

    VolumeIntake(StagingStore staging, Announcer announcer, SourceBook book, VolumeLimits limits, String worker) {
        this.staging = staging;
        this.announcer = announcer;
        this.book = book;
        this.limits = limits;
        this.worker = worker;
    }

    /** Says what the volume is, unless that is known; one that no image can be made of ends the image. */
    void open(Incarnation image, VolumeAddress address, long lengthBytes, SourceFacts facts)
            throws AnnouncementException, InterruptedException {
        if (lengthBytes == 0) {
            announcer.announce(failed(image, FailureReason.SOURCE_EMPTY, "the volume holds no bytes"));
            return;
        }
        SourceOpened known = facts.opened();
        Validator validator = new Validator(Validator.Kind.CLAIM, address.origin());
        boolean same = facts.epoch() == address.epoch()
                && known != null
                && Objects.equals(known.lengthBytes(), lengthBytes)
                && validator.equals(known.validator());
        if (same) {
            return;
        }
        int cut = known == null ? limits.segmentBytes() : known.segmentBytes();
        if (lengthBytes > limits.maxBytes() || lengthBytes / cut >= Integer.MAX_VALUE) {
            String words = "the volume holds %d bytes, and %d are the most".formatted(lengthBytes, limits.maxBytes());
            announcer.announce(failed(image, FailureReason.OVER_LIMIT, words));
            return;
        }
        announcer.announce(
                new SourceOpened(image, address.epoch(), lengthBytes, cut, validator, true, FILE_NAME, null));
    }

    private static StageFailed failed(Incarnation image, FailureReason reason, String words) {
        return new StageFailed(image, Stage.FETCH, reason, words);
    }

    /** What a Pod hears that has opened its volume. */
    static WebAnswer opened(VolumeWish.Open wish, SourceFacts facts) {
        SourceOpened opened = facts.opened();
        return opened == null || !Objects.equals(opened.lengthBytes(), wish.lengthBytes())
                ? VolumeEndpoint.words(
                        OF_NO_USE, "no image can be made of a volume of %d bytes".formatted(wish.lengthBytes()))
                : VolumeEndpoint.words(OK, Integer.toString(opened.segmentBytes()));
    }

    static WebAnswer missing(SourceFacts facts) {
        if (facts.opened() == null) {
            return notOpen();
        }
        SegmentSet missing =
                facts.staged().present().complement(facts.staged().layout().count());
        return VolumeEndpoint.words(OK, missing.toString());
    }

    /**
     * Whether a segment would make what is staged of a volume too scattered. Who reads in order, a few segments at once,
     * adds as few ranges to those that an earlier Pod, or lost segments, have left; whoever sends every second segment
     * would add one with each, which all who follow the image would have to keep.
     */
    static boolean scatters(VolumeWish wish, SourceFacts facts) {
        return switch (wish) {
            case VolumeWish.Segment segment -> scatters(segment.index(), facts);
            case VolumeWish.Zeros zeros -> scatters(zeros.index(), facts);
            case VolumeWish.Open ignored -> false;
            case VolumeWish.Missing ignored -> false;
            case VolumeWish.Heartbeat ignored -> false;
        };
    }

    private static boolean scatters(int index, SourceFacts facts) {
        SegmentSet present = facts.staged().present();
        int ranges = present.with(index).ranges();
        return ranges > MOST_RANGES && ranges > present.ranges();
    }

    WebAnswer take(
            Incarnation image, VolumeAddress address, VolumeWish.Segment wish, SourceFacts facts, WebRequest request)
            throws IOException, StagingUnavailableException, AnnouncementException, InterruptedException {
        if (facts.opened() == null) {
            return notOpen();
        }
        SegmentLayout layout = facts.staged().layout();
        if (wish.index() >= layout.count()) {
            return noSegment(wish.index(), layout);
        }
        int length = layout.lengthOf(wish.index());
        if (request.bodyBytes().orElse(-1) != length) {
            return VolumeEndpoint.words(
                    REFUSED, "segment %d has %d bytes, and not as many as were sent".formatted(wish.index(), length));
        }
        SegmentKey key = SegmentKey.source(image, address.epoch(), wish.index());
        SegmentFacts staged;
        try (InputStream body = request.body()) {
            staged = staging.put(key, null, length, body, StagingStore.Overwrite.ALLOW)
                    .orElseThrow();
        }
        announce(image, address.epoch(), wish.index(), staged, layout);
        return WebAnswer.empty(DONE);
    }

    WebAnswer zeros(Incarnation image, VolumeAddress address, VolumeWish.Zeros wish, SourceFacts facts)
            throws AnnouncementException, InterruptedException {
        if (facts.opened() == null) {
            return notOpen();
        }
        SegmentLayout layout = facts.staged().layout();
        if (wish.index() >= layout.count()) {
            return noSegment(wish.index(), layout);
        }
        announce(image, address.epoch(), wish.index(), zeros(layout.lengthOf(wish.index())), layout);
        return WebAnswer.empty(DONE);
    }

    private static SegmentFacts zeros(int length) {
        CRC32C crc = new CRC32C();
        byte[] block = new byte[SegmentFacts.BLOCK_BYTES];
        for (int left = length; left > 0; left -= block.length) {
            crc.update(block, 0, Math.min(left, block.length));
        }
        int blocks = (length + SegmentFacts.BLOCK_BYTES - 1) / SegmentFacts.BLOCK_BYTES;
        return new SegmentFacts(length, crc.getValue(), SegmentSet.upTo(blocks), null);
    }

    private void announce(Incarnation image, int epoch, int index, SegmentFacts staged, SegmentLayout layout)
            throws AnnouncementException, InterruptedException {
        SegmentFetched said = new SegmentFetched(
                image,
                epoch,
                null,
                index,
                staged.lengthBytes(),
                staged.crc32c(),
                staged.zeroBlocks(),
                staged.allZero(),
                layout.lengthBytes(),
                worker);
        announcer.announce(said);
        book.note(said);
    }

    /** In the task's name, of which this replica knows nothing but that the Pod works for it. */
    WebAnswer heartbeat(Incarnation image, VolumeAddress address, VolumeWish.Heartbeat wish)
            throws AnnouncementException, InterruptedException {
        announcer.announce(
                new TaskHeartbeat(image, new TaskId("ReadVolume/" + address.epoch()), 1, worker, wish.doneBytes()));
        return WebAnswer.empty(DONE);
    }

    private static WebAnswer notOpen() {
        return VolumeEndpoint.words(NOT_OPEN, "nobody has said how long the volume is");
    }

    private static WebAnswer noSegment(int index, SegmentLayout layout) {
        return VolumeEndpoint.words(REFUSED, "there is no segment %d: there are %d".formatted(index, layout.count()));
    }
}
