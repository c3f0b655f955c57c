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
    private static final String FILE_NAME = "disk.img";

    private final StagingStore staging;
    private final Announcer announcer;
    private final int segmentBytes;
    private final String worker;

    VolumeIntake(StagingStore staging, Announcer announcer, int segmentBytes, String worker) {
        this.staging = staging;
        this.announcer = announcer;
        this.segmentBytes = segmentBytes;
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
        int cut = known == null ? segmentBytes : known.segmentBytes();
        if (lengthBytes / cut >= Integer.MAX_VALUE) {
            String words = "the volume holds %d bytes".formatted(lengthBytes);
            announcer.announce(failed(image, FailureReason.OVER_LIMIT, words));
            return;
        }
        Validator validator = new Validator(Validator.Kind.CLAIM, address.origin());
        if (known == null
                || !Objects.equals(known.lengthBytes(), lengthBytes)
                || !validator.equals(known.validator())) {
            announcer.announce(
                    new SourceOpened(image, address.epoch(), lengthBytes, cut, validator, true, FILE_NAME, null));
        }
    }

    private static StageFailed failed(Incarnation image, FailureReason reason, String words) {
        return new StageFailed(image, Stage.FETCH, reason, words);
    }

    /** What a Pod hears that has opened its volume. */
    static WebAnswer opened(VolumeWish.Open wish, SourceFacts facts) {
        SourceOpened opened = facts.opened();
        return opened == null
                ? VolumeEndpoint.words(
                        OF_NO_USE, "no image can be made of a volume of %d bytes".formatted(wish.lengthBytes()))
                : VolumeEndpoint.words(OK, Integer.toString(opened.segmentBytes()));
    }

    static WebAnswer missing(SourceFacts facts) {
        if (facts.opened() == null) {
            return notOpen();
        }
        SegmentSet present = facts.staged().present();
        SegmentSet missing = present.missing(facts.staged().layout().count())
                .collect(Gathering::new, Gathering::add, Gathering::addAll)
                .set;
        return VolumeEndpoint.words(OK, missing.toString());
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
        announcer.announce(new SegmentFetched(
                image,
                epoch,
                null,
                index,
                staged.lengthBytes(),
                staged.crc32c(),
                staged.zeroBlocks(),
                staged.allZero(),
                layout.lengthBytes(),
                worker));
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

    /** Numbers, one after the other, as a set. */
    private static final class Gathering {
        private SegmentSet set = SegmentSet.EMPTY;

        void add(int member) {
            set = set.with(member);
        }

        void addAll(Gathering other) {
            set = set.with(other.set);
        }
    }
}
