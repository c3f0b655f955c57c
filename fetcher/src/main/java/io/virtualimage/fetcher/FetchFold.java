package io.virtualimage.fetcher;

import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.fold.StageFold;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.FetchCompleted;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.LayerEntry;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.UploadLease;
import io.virtualimage.topics.Validator;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Plans the fetch of an image: probe the source, then pieces of it by any number of replicas where the source allows
 * it, else one stream; checksums beside it; and the end of what was staged, when nobody needs it any more.
 */
public final class FetchFold extends StageFold {
    /** After so many epochs in which ranges did not agree, one stream is read instead. */
    static final int RANGE_DISAGREEMENTS = 3;

    /** After so many epochs the source is given up. */
    static final int MAX_EPOCHS = 10;

    private static final Duration FIRST_EPOCH_BACKOFF = Duration.ofMillis(500);
    private static final Duration LONGEST_EPOCH_BACKOFF = Duration.ofSeconds(30);

    private final int segmentBytes;
    private final Duration retryBudget;
    private final Duration uploadDeadline;

    /**
     * A fold with the settings of this installation.
     *
     * @param segmentBytes length of a segment
     * @param retryBudget for how long a source may fail without a new byte
     * @param uploadDeadline for how long nobody may upload
     */
    public FetchFold(int segmentBytes, Duration retryBudget, Duration uploadDeadline) {
        super(Stage.FETCH);
        this.uploadDeadline = uploadDeadline;
        this.segmentBytes = segmentBytes;
        this.retryBudget = retryBudget;
    }

    @Override
    protected List<Task> tasks(ImageFacts facts, PlanContext context) {
        List<Task> tasks = new ArrayList<>();
        Position cause = facts.cause();
        if (cause == null) {
            return tasks;
        }
        ImageRequested wanted = facts.wanted();
        if (facts.over()) {
            if (!facts.swept(context.now())) {
                tasks.add(new Task.CleanStaging(new Task.Header(facts.image(), 0, cause, 1), false));
            }
        } else if (facts.request() != null) {
            if (facts.straysStaged()) {
                tasks.add(new Task.CleanStaging(new Task.Header(facts.image(), 0, cause, 1), true));
            }
            SourceFacts source = facts.source();
            if (wanted == null) {
                return tasks; // something that it depends on isn't there
            }
            if (source.epoch() < MAX_EPOCHS || wanted.source() instanceof DataSource.Upload) {
                Task.Header header = new Task.Header(facts.image(), source.epoch(), cause, 1);
                addFetch(tasks, header, wanted, facts, context);
                addVerification(tasks, header, wanted, facts);
            }
        }
        return tasks;
    }

    private void addFetch(
            List<Task> tasks, Task.Header header, ImageRequested wanted, ImageFacts facts, PlanContext context) {
        if (facts.source().opened() != null && facts.source().staged().complete()) {
            return;
        }
        switch (wanted.source()) {
            case DataSource.Http http -> addPull(tasks, header, http, facts, context);
            case DataSource.ContainerImage image -> addPull(tasks, header, image, facts, context);
            case DataSource.Volume volume -> {
                if (begins(facts, context)) {
                    tasks.add(new Task.ReadVolume(header, volume, segmentBytes));
                }
            }
            case DataSource.Upload ignored -> {} // comes by itself
            case DataSource.PublishedImage ignored -> {} // needs no bytes
        }
    }

    private void addPull(List<Task> tasks, Task.Header header, DataSource from, ImageFacts facts, PlanContext context) {
        SourceFacts source = facts.source();
        SourceOpened opened = source.opened();
        if (opened == null) {
            if (begins(facts, context)) {
                tasks.add(new Task.ProbeSource(header, from, segmentBytes));
            }
            return;
        }
        Validator validator = opened.validator();
        LayerEntry entry = opened.entry();
        if (validator != null && inPieces(source)) {
            SegmentLayout layout = source.staged().layout();
            SegmentSet present = source.staged().present();
            context.pieces("FetchRange/" + header.epoch() + "/", present, urgentFirst(present, layout.count()))
                    .forEach(index -> tasks.add(new Task.FetchRange(header, from, validator, layout, index, entry)));
        } else {
            tasks.add(new Task.FetchStream(header, from, opened.segmentBytes(), opened.lengthBytes(), entry));
        }
    }

    private static boolean inPieces(SourceFacts source) {
        SourceOpened opened = source.opened();
        return opened != null && opened.ranges() && source.disagreements() < RANGE_DISAGREEMENTS;
    }

    /** An epoch that follows another one waits a little before it begins. */
    private static boolean begins(ImageFacts facts, PlanContext context) {
        return !facts.epochSince().plus(backoff(facts.source().epoch())).isAfter(context.now());
    }

    /** The first and the last segment tell what the image is; the others follow in order. */
    private static IntStream urgentFirst(SegmentSet present, int count) {
        return IntStream.concat(
                IntStream.of(0, count - 1).distinct().filter(index -> !present.contains(index)),
                present.missing(count).filter(index -> index != 0 && index != count - 1));
    }

    private static void addVerification(List<Task> tasks, Task.Header header, ImageRequested wanted, ImageFacts facts) {
        SourceFacts source = facts.source();
        Position follow = facts.follow();
        if (needsVerification(wanted, source)
                && !source.verified()
                && follow != null
                && !source.staged().present().isEmpty()) {
            LayerEntry entry = pieceOfLayer(source);
            tasks.add(new Task.VerifySource(
                    header,
                    source.staged(),
                    follow,
                    wanted.source().checksums(),
                    entry == null ? null : wanted.source(),
                    entry));
        }
    }

    private static boolean needsVerification(ImageRequested wanted, SourceFacts source) {
        return !wanted.source().checksums().isEmpty() || pieceOfLayer(source) != null;
    }

    /** Where in a layer the source is, if it was fetched in pieces, so that nobody has seen the whole layer; else null. */
    private static @Nullable LayerEntry pieceOfLayer(SourceFacts source) {
        SourceOpened opened = source.opened();
        return opened != null && inPieces(source) ? opened.entry() : null;
    }

    @Override
    protected List<Event> announcements(ImageFacts facts, PlanContext context) {
        List<Event> due = new ArrayList<>();
        ImageRequested wanted = facts.wanted();
        if (wanted == null || facts.over()) {
            return due;
        }
        SourceFacts source = facts.source();
        StagedSource staged = source.staged();
        boolean checked = source.verified() || !needsVerification(wanted, source);
        if (staged.complete() && checked && !source.completed()) {
            due.add(new FetchCompleted(
                    facts.image(),
                    source.epoch(),
                    Objects.requireNonNull(staged.lengthBytes(), "of a complete source")));
        }
        if (wanted.source() instanceof DataSource.Upload) {
            addUploadsEnd(due, facts, context);
            return due;
        }
        ImageFacts.Trouble trouble = facts.sourceTrouble();
        if (source.epoch() >= MAX_EPOCHS) {
            due.add(failed(
                    facts,
                    trouble == null ? FailureReason.SOURCE_CHANGING : trouble.reason(),
                    "the source could not be read whole in %d passes%s"
                            .formatted(MAX_EPOCHS, trouble == null ? "" : "; the last one: " + trouble.message())));
        } else if (trouble != null
                && Duration.between(trouble.since(), trouble.last()).compareTo(retryBudget) >= 0) {
            due.add(failed(facts, trouble.reason(), trouble.message()));
        }
        return due;
    }

    /** Who may still upload is settled on the topic of the uploads itself; what follows from it comes after. */
    private void addUploadsEnd(List<Event> due, ImageFacts facts, PlanContext context) {
        Instant now = context.now();
        SourceFacts source = facts.source();
        StagedSource staged = source.staged();
        UploadLease lease = staged.upload();
        if (staged.complete()) {
            return;
        }
        if (lease == null && source.epoch() > 0) {
            // A segment was lost, which nobody who only reads that topic knows; said until somebody uploads again.
            due.add(new Event.StreamBroken(
                    facts.image(),
                    source.epoch() - 1,
                    Event.StreamBroken.Cause.SOURCE_BROKE,
                    "what was uploaded is lost: it has to be uploaded once more",
                    name()));
        }
        if (source.expired()) {
            due.add(failed(
                    facts,
                    FailureReason.UPLOAD_TIMEOUT,
                    lease == null
                            ? "nobody uploaded anything within " + words(uploadDeadline)
                            : "the upload broke off after %d bytes, and nobody went on with it within %s"
                                    .formatted(staged.presentBytes(), words(uploadDeadline))));
            return;
        }
        Instant quiet = lease == null ? facts.epochSince() : lease.heardAt();
        // Nobody could upload while there were no fetchers.
        Instant since = quiet.isAfter(context.heldSince()) ? quiet : context.heldSince();
        boolean alive = lease != null && lease.live(now);
        if (!alive && !since.plus(uploadDeadline).isAfter(now)) {
            due.add(new Event.UploadExpired(facts.image(), source.epoch(), lease == null ? null : lease.owner()));
        }
    }

    private static StageFailed failed(ImageFacts facts, FailureReason reason, String message) {
        return new StageFailed(facts.image(), Stage.FETCH, reason, message);
    }

    private static String words(Duration time) {
        return time.toSeconds() % 60 == 0 ? time.toMinutes() + " min" : time.toSeconds() + " s";
    }

    private static Duration backoff(int epoch) {
        if (epoch == 0) {
            return Duration.ZERO;
        }
        Duration backoff = FIRST_EPOCH_BACKOFF.multipliedBy(1L << (epoch - 1));
        return backoff.compareTo(LONGEST_EPOCH_BACKOFF) < 0 ? backoff : LONGEST_EPOCH_BACKOFF;
    }
}
