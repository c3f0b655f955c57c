package io.virtualimage.publisher.volume;

import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.web.WebAnswer;
import io.virtualimage.stage.web.WebEndpoint;
import io.virtualimage.stage.web.WebRequest;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Answers Pods that fill volumes. Any replica may be asked any of it, any number of times. Below the Pod's address:
 *
 * <ul>
 *   <li>{@code GET plan}: lines of a word and a value: {@code length} of the disk and of a {@code range} in bytes, the
 *       ranges that are {@code done}, whether to {@code verify}
 *   <li>{@code GET runs/FROM-TO}: what stands there in the disk, or the first part of it: {@link RunFrames}
 *   <li>{@code PUT done} with ranges, as in {@code 0-5,7}: those that are written; a sign of life too
 *   <li>{@code POST finish}: all of it is on the volume; from then on the image can be used. 409 if ranges are missing
 * </ul>
 *
 * <p>404: nothing is known of the image, or not yet, or it is withdrawn; so says a wrong token, too. 410: this version of the
 * image is not wanted any more. 503: come again.
 */
public final class VolumeDoor implements WebEndpoint {
    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final int GONE = 410;
    private static final int UNAVAILABLE = 503;
    private static final String TEXT = "text/plain; charset=utf-8";

    /** Nobody waits longer to read: a Pod that was given up by its client would be read for in vain. */
    private static final Duration TURN = Duration.ofMinutes(1);

    private static final Pattern RUNS = Pattern.compile("runs/([0-9]{1,18})-([0-9]{1,18})");

    private final StagingStore staging;
    private final Ledger ledger;
    private final Announcer announcer;
    private final AccessTokens tokens;
    private final String replica;
    private final boolean verify;

    /** Each reads a segment or two, and answers with as much, which is held until it was sent. */
    private final Semaphore reads;

    private final LongConsumer filled;

    /**
     * A door.
     *
     * @param replica as events say it
     * @param verify whether Pods read back what they wrote
     * @param reads how many answers may be read from staging, or be on their way, at a time
     * @param filled is told of the bytes that came to a volume, as Pods say it
     */
    public VolumeDoor(
            StagingStore staging,
            Ledger ledger,
            Announcer announcer,
            AccessTokens tokens,
            String replica,
            boolean verify,
            int reads,
            LongConsumer filled) {
        this.staging = staging;
        this.ledger = ledger;
        this.announcer = announcer;
        this.tokens = tokens;
        this.replica = replica;
        this.verify = verify;
        this.reads = new Semaphore(reads, true);
        this.filled = filled;
    }

    /** What the paths begin with that are for this endpoint. */
    public static String prefix() {
        return FillAddress.PREFIX;
    }

    @Override
    public WebAnswer serve(WebRequest request) throws IOException, InterruptedException {
        Optional<FillAddress> address = FillAddress.of(request.path(), tokens);
        if (address.isEmpty()) {
            return answer(NOT_FOUND, "there is nothing here");
        }
        try {
            return serve(request, address.get());
        } catch (SegmentLostException e) {
            return answer(UNAVAILABLE, "some of the image has to be staged again");
        } catch (StagingUnavailableException e) {
            return answer(UNAVAILABLE, "what is staged can't be read now");
        } catch (AnnouncementException e) {
            return answer(UNAVAILABLE, "it could not be announced");
        } catch (Ledger.LedgerBehindException e) {
            return answer(UNAVAILABLE, "this replica has just been started");
        }
    }

    private WebAnswer serve(WebRequest request, FillAddress address)
            throws IOException, SegmentLostException, StagingUnavailableException, AnnouncementException,
                    Ledger.LedgerBehindException, InterruptedException {
        Incarnation asked = address.image();
        Optional<Incarnation> wanted = ledger.wanted(asked.uid());
        if (wanted.isEmpty()) {
            return answer(NOT_FOUND, "nothing is known here of this image, or it is not wanted any more");
        }
        if (asked.isAfter(wanted.get())) {
            return answer(UNAVAILABLE, "this replica has not heard of this version yet");
        }
        Optional<FillOrder> found = wanted.get().isAfter(asked)
                ? Optional.empty()
                : FillOrder.read(staging, asked, address.epoch(), address.claimUid());
        if (found.isEmpty()) {
            return answer(GONE, "this version of the image is not wanted any more, or is done");
        }
        FillOrder order = found.get();
        Matcher runs = RUNS.matcher(address.what());
        return switch (request.method() + " " + address.what()) {
            case "GET plan" -> plan(order, address);
            case "PUT done" -> done(request, order, address);
            case "POST finish" -> finish(order, address);
            default ->
                "GET".equals(request.method()) && runs.matches()
                        ? runs(order.task(), Long.parseLong(runs.group(1)), Long.parseLong(runs.group(2)))
                        : answer(NOT_FOUND, "there is nothing here");
        };
    }

    private WebAnswer plan(FillOrder order, FillAddress address)
            throws StagingUnavailableException, InterruptedException {
        RangeLayout layout = order.layout();
        FillProgress progress = progress(address);
        return answer(
                OK,
                "length %d\nrange %d\ndone %s\nverify %s"
                        .formatted(layout.lengthBytes(), layout.rangeBytes(), progress.done(), verify));
    }

    private FillProgress progress(FillAddress address) throws StagingUnavailableException, InterruptedException {
        return FillProgress.read(staging, address.image(), address.epoch(), address.claimUid());
    }

    private WebAnswer runs(Task.FillVolume task, long from, long to)
            throws SegmentLostException, StagingUnavailableException, AnnouncementException, InterruptedException {
        if (from >= to || to > task.unpackedBytes()) {
            return answer(BAD_REQUEST, "the disk has no bytes from %d to %d".formatted(from, to));
        }
        if (!reads.tryAcquire(TURN.toSeconds(), TimeUnit.SECONDS)) {
            return answer(UNAVAILABLE, "too much is being read at once");
        }
        boolean handed = false;
        try {
            ByteBuffer frames = DiskRuns.read(staging, task, from, to);
            Map<String, String> headers = Map.of("Content-Type", "application/octet-stream");
            WebAnswer answer = new WebAnswer(OK, headers, frames, reads::release);
            handed = true;
            return answer;
        } catch (SegmentLostException e) {
            announcer.announce(lost(task, e));
            throw e;
        } finally {
            if (!handed) {
                reads.release();
            }
        }
    }

    private static Event lost(Task.FillVolume task, SegmentLostException e) {
        boolean ofSource = e.key().kind() == SegmentKind.SOURCE;
        return new Event.SegmentMissing(
                task.image(),
                task.epoch(),
                ofSource ? task.staged().session() : null,
                e.key().index(),
                ofSource ? null : e.key().kind());
    }

    private WebAnswer done(WebRequest request, FillOrder order, FillAddress address)
            throws IOException, StagingUnavailableException, AnnouncementException, InterruptedException {
        RangeLayout layout = order.layout();
        byte[] list = request.body().readNBytes(layout.longestList() + 1);
        if (list.length > layout.longestList()) {
            return answer(BAD_REQUEST, "that is more than a list of all ranges of this disk");
        }
        SegmentSet said;
        try {
            said = SegmentSet.parse(new String(list, StandardCharsets.US_ASCII).strip());
        } catch (IllegalArgumentException e) {
            return answer(BAD_REQUEST, "that is no list of ranges");
        }
        if (said.stream().anyMatch(index -> index >= layout.count())) {
            return answer(BAD_REQUEST, "that is no list of ranges of this disk");
        }
        FillProgress before = progress(address);
        Task.FillVolume task = order.task();
        long doneBytes = layout.bytesIn(said);
        if (!before.finished() && !before.done().equals(said)) {
            new FillProgress(said, false).write(staging, address.image(), address.epoch(), address.claimUid());
            filled.accept(Math.max(0, doneBytes - layout.bytesIn(before.done())));
            announcer.announce(new Event.StageProgressed(
                    task.image(), task.epoch(), Stage.PUBLISH, doneBytes, layout.lengthBytes()));
        }
        announcer.announce(
                new Event.TaskHeartbeat(task.image(), task.id(), task.header().attempt(), replica, doneBytes));
        return answer(OK, "noted");
    }

    private WebAnswer finish(FillOrder order, FillAddress address)
            throws StagingUnavailableException, AnnouncementException, InterruptedException {
        FillProgress progress = progress(address);
        if (!progress.done().covers(order.layout().count())) {
            return answer(CONFLICT, "not all ranges are said to be written");
        }
        if (!progress.finished()) {
            new FillProgress(progress.done(), true)
                    .write(staging, address.image(), address.epoch(), address.claimUid());
        }
        announcer.announce(published(order));
        return answer(OK, "the image can be used");
    }

    /** That the image is on its claim. */
    static Event.ImagePublished published(FillOrder order) {
        Task.FillVolume task = order.task();
        return new Event.ImagePublished(
                task.image(),
                task.epoch(),
                null,
                null,
                null,
                task.unpackedBytes(),
                task.format(),
                task.cdrom(),
                task.storedBytes(),
                task.unpackedBytes(),
                order.claim());
    }

    private static WebAnswer answer(int status, String words) {
        WebAnswer answer = WebAnswer.of(status, TEXT, (words + "\n").getBytes(StandardCharsets.UTF_8));
        return status == UNAVAILABLE ? answer.with("Retry-After", "1") : answer;
    }
}
