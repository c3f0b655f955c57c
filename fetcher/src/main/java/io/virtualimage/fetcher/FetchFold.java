package io.virtualimage.fetcher;

import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.fold.StageFold;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.FetchCompleted;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Validator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

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

    /**
     * A fold with the settings of this installation.
     *
     * @param segmentBytes length of a segment
     * @param retryBudget for how long a source may fail without a new byte
     */
    public FetchFold(int segmentBytes, Duration retryBudget) {
        super(Stage.FETCH);
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
        } else if (wanted != null) {
            if (facts.straysStaged()) {
                tasks.add(new Task.CleanStaging(new Task.Header(facts.image(), 0, cause, 1), true));
            }
            SourceFacts source = facts.source();
            if (source.epoch() < MAX_EPOCHS) {
                Task.Header header = new Task.Header(facts.image(), source.epoch(), cause, 1);
                addFetch(tasks, header, wanted, facts, context);
                addVerification(tasks, header, wanted, facts);
            }
        }
        return tasks;
    }

    private void addFetch(
            List<Task> tasks, Task.Header header, ImageRequested wanted, ImageFacts facts, PlanContext context) {
        SourceFacts source = facts.source();
        SourceOpened opened = source.opened();
        if (opened == null) {
            if (!facts.epochSince().plus(backoff(source.epoch())).isAfter(context.now())) {
                tasks.add(new Task.ProbeSource(header, wanted.source(), segmentBytes));
            }
            return;
        }
        if (source.staged().complete()) {
            return;
        }
        Validator validator = opened.validator();
        if (opened.ranges() && validator != null && source.disagreements() < RANGE_DISAGREEMENTS) {
            SegmentLayout layout = source.staged().layout();
            SegmentSet present = source.staged().present();
            context.pieces("FetchRange/" + header.epoch() + "/", present, urgentFirst(present, layout.count()))
                    .forEach(
                            index -> tasks.add(new Task.FetchRange(header, wanted.source(), validator, layout, index)));
        } else {
            tasks.add(new Task.FetchStream(header, wanted.source(), opened.segmentBytes(), opened.lengthBytes()));
        }
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
        if (!wanted.source().checksums().isEmpty()
                && !source.verified()
                && follow != null
                && !source.staged().present().isEmpty()) {
            tasks.add(new Task.VerifySource(
                    header, source.staged(), follow, wanted.source().checksums()));
        }
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
        boolean checked = source.verified() || wanted.source().checksums().isEmpty();
        if (staged.complete() && checked && !source.completed()) {
            due.add(new FetchCompleted(
                    facts.image(),
                    source.epoch(),
                    Objects.requireNonNull(staged.lengthBytes(), "of a complete source")));
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

    private static StageFailed failed(ImageFacts facts, FailureReason reason, String message) {
        return new StageFailed(facts.image(), Stage.FETCH, reason, message);
    }

    private static Duration backoff(int epoch) {
        if (epoch == 0) {
            return Duration.ZERO;
        }
        Duration backoff = FIRST_EPOCH_BACKOFF.multipliedBy(1L << (epoch - 1));
        return backoff.compareTo(LONGEST_EPOCH_BACKOFF) < 0 ? backoff : LONGEST_EPOCH_BACKOFF;
    }
}
