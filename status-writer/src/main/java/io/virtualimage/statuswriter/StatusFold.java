package io.virtualimage.statuswriter;

import io.virtualimage.stage.fold.Fold;
import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.stage.fold.Plan;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.StatusChanged;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.ImageStatus.Phase;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.TaskId;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Folds all that is said of an image into the status that users see, and says that when it changes: a new version, a new
 * phase and whatever settles an image at once, all else at most twice a second. It reads its own topic too, because what it said
 * may be lost with the process that said it: what does not come back is said again.
 */
public final class StatusFold implements Fold<StatusState> {
    /** The least time between two changes of one version of an image within a phase. */
    static final Duration PACE = Duration.ofMillis(500);

    /** What was said and has not come back on the topic by then is said again. */
    static final Duration ECHO = Duration.ofSeconds(10);

    /** Facts without a request are kept this long: the request may be on its way. */
    private static final Duration UNREQUESTED = Duration.ofHours(1);

    /** What is known of a removed image is kept this long after it was withdrawn. */
    private static final Duration REMOVED = Duration.ofHours(24);

    private static final Set<Topic> INPUTS =
            Set.of(Topic.REQUESTS, Topic.FETCHED, Topic.CONVERTED, Topic.PUBLISHED, Topic.PROGRESS, Topic.STATUS);

    @Override
    public String name() {
        return "status";
    }

    @Override
    public Class<StatusState> stateType() {
        return StatusState.class;
    }

    @Override
    public Set<Topic> inputs() {
        return INPUTS;
    }

    @Override
    public Set<Topic> owned() {
        return Set.of(Topic.STATUS);
    }

    @Override
    public StatusState merge(@Nullable StatusState state, Recorded recorded) {
        Event event = recorded.event();
        StatusState before = state == null ? StatusState.of(ImageFacts.of(event.image(), recorded.time())) : state;
        if (event instanceof StatusChanged change) {
            return before.heard(change);
        }
        ImageFacts facts = before.facts().merge(recorded);
        boolean same = facts.image().equals(before.facts().image());
        StatusState base = same ? before : before.begin(facts);
        StatusState after;
        if (event.image().equals(facts.image())) {
            after = base.with(
                            facts,
                            base.started() || isWork(event),
                            Progress.further(base.permille(), Progress.permille(facts)),
                            speed(same ? before.facts() : null, base.speed(), facts, recorded))
                    .with(overQuota(base.overQuota(), event), left(base.left(), event));
            after = after.with(
                    base.occasions().between(base, after, recorded.at().offset()));
        } else {
            after = base.with(facts, base.started(), base.permille(), base.speed());
        }
        return after.equals(before) ? before : after;
    }

    private static @Nullable String left(@Nullable String before, Event event) {
        return event instanceof Event.ImageRemoved removed ? removed.left() : before;
    }

    /** A quota is in the way until somebody is at work on a volume; an outage says nothing of it. */
    private static @Nullable String overQuota(@Nullable String before, Event event) {
        return switch (event) {
            case Event.TaskDeferred deferred
            when isOnVolume(deferred.task()) -> {
                if (deferred.reason() == FailureReason.QUOTA_EXCEEDED) {
                    yield deferred.message();
                }
                yield deferred.deferral() == Event.TaskDeferred.Deferral.STARVED ? null : before;
            }
            // What a Pod says that reads; its task need not be deferred again.
            case Event.SourceOpened ignored -> null;
            case Event.FetchCompleted ignored -> null;
            case Event.StageProgressed progress -> progress.stage() == Stage.PUBLISH ? null : before;
            default -> before;
        };
    }

    private static boolean isOnVolume(TaskId task) {
        return task.fillsVolume() || task.readsVolume();
    }

    private static Speedometer speed(
            @Nullable ImageFacts before, Speedometer speed, ImageFacts facts, Recorded recorded) {
        if (facts.source().opened() == null) {
            return speed;
        }
        long had = before != null && before.source().epoch() == facts.source().epoch()
                ? Progress.stagedBytes(before.source())
                : 0;
        return speed.advanced(Progress.stagedBytes(facts.source()) - had, recorded.time());
    }

    /** Whether somebody works, or has worked, on the image itself. */
    private static boolean isWork(Event event) {
        return switch (event) {
            case Event.UploadExpired ignored -> false;
            case Event.Fetched ignored -> true;
            case Event.Converted ignored -> true;
            case Event.TaskHeartbeat ignored -> true;
            case Event.TaskDeferred ignored -> true;
            case Event.PushParked ignored -> true;
            case Event.StageProgressed ignored -> true;
            case Event.LayerPushed ignored -> true;
            case Event.SegmentMissing ignored -> true;
            case Event.Request ignored -> false;
            case Event.Published ignored -> false;
            case Event.StageFailed ignored -> false;
            case Event.StagingCleaned ignored -> false;
            case StatusChanged ignored -> false;
            case Event.TaskEvent ignored -> false;
        };
    }

    @Override
    public Plan<StatusState> plan(StatusState state, PlanContext context) {
        ImageFacts facts = state.facts();
        if (facts.request() == null && !facts.withdrawn()) {
            return new Plan<>(state, List.of()); // others were quicker than its request
        }
        if (facts.withdrawn() && facts.removed() && state.left() == null) {
            return new Plan<>(state, List.of()); // the object is going, or gone; what is left behind is told even so
        }
        ImageStatus status = StatusDerivation.derive(state, context.now());
        StatusState.Said said = state.said();
        boolean due = said == null
                || (differs(said, facts, status)
                        ? mayFollow(said, facts, status, context.now())
                        : lost(said, context.now()));
        if (!due) {
            return new Plan<>(status.equals(state.status()) ? state : state.with(status, said), List.of());
        }
        List<Event> emit = new ArrayList<>();
        StatusState next = state;
        for (Phase phase : PhasePath.between(shown(said, facts), status.phase(), isMissed(facts))) {
            ImageStatus passing = StatusDerivation.passing(next, phase, context.now());
            next = next.saying(passing, context.now());
            emit.add(new StatusChanged(facts.image(), passing));
        }
        ImageStatus last = StatusDerivation.derive(next, context.now());
        emit.add(new StatusChanged(facts.image(), last));
        return new Plan<>(next.saying(last, context.now()), emit);
    }

    /** The phase that users have seen of this incarnation; null if they have seen none. */
    private static @Nullable Phase shown(StatusState.@Nullable Said said, ImageFacts facts) {
        return said != null && said.image().equals(facts.image())
                ? said.status().phase()
                : null;
    }

    private static boolean isMissed(ImageFacts facts) {
        return facts.failed() != null && facts.failed().reason() == FailureReason.UPLOAD_TIMEOUT;
    }

    private static boolean differs(StatusState.Said said, ImageFacts facts, ImageStatus status) {
        return !said.image().equals(facts.image()) || !said.status().equals(status);
    }

    private static boolean mayFollow(StatusState.Said said, ImageFacts facts, ImageStatus status, Instant now) {
        return !said.image().equals(facts.image()) // or the next one may take its place untold
                || status.phase() != said.status().phase()
                || status.phase().settled()
                || !said.at().plus(PACE).isAfter(now)
                || said.at().isAfter(now); // by another replica's clock
    }

    private static boolean lost(StatusState.Said said, Instant now) {
        return !said.heard() && !said.at().plus(ECHO).isAfter(now);
    }

    @Override
    public boolean active(StatusState state) {
        return !state.facts().over();
    }

    @Override
    public boolean forgettable(StatusState state, Instant now) {
        ImageFacts facts = state.facts();
        if (facts.withdrawn()) {
            return facts.removed() && facts.since().plus(REMOVED).isBefore(now);
        }
        return facts.request() == null && facts.since().plus(UNREQUESTED).isBefore(now);
    }
}
