package io.virtualimage.stage.fold;

import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.PushParked;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.TaskDeferred;
import io.virtualimage.topics.Event.TaskHeartbeat;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The fold of a stage with workers. What a stage adds is two pure functions of the facts: the tasks that should be
 * under way, and the announcements that are due. This class keeps account of what was given out: it gives out a task
 * that is wanted and not under way, again when its worker fell silent or gave it back, and forgets it when the facts no
 * longer ask for it. So no task is ever lost, whatever becomes of the record that carried it.
 */
public abstract class StageFold implements Fold<StageState> {
    /** An announcement that has not come back on its topic by then is made again. */
    private static final Duration ECHO = Duration.ofSeconds(10);

    /** Facts without a request are kept this long: the request may be on its way. */
    private static final Duration UNREQUESTED = Duration.ofHours(1);

    private static final Set<Topic> INPUTS =
            Set.of(Topic.REQUESTS, Topic.FETCHED, Topic.CONVERTED, Topic.PUBLISHED, Topic.PROGRESS);

    private final Stage stage;

    protected StageFold(Stage stage) {
        this.stage = stage;
    }

    /** The tasks that should be under way, the most urgent first; each id at most once. */
    protected abstract List<Task> tasks(ImageFacts facts, PlanContext context);

    /** What this fold has to say because the facts, together, say it and no worker will. */
    protected abstract List<Event> announcements(ImageFacts facts, PlanContext context);

    @Override
    public final String name() {
        return stage.wireName();
    }

    @Override
    public final Class<StageState> stateType() {
        return StageState.class;
    }

    @Override
    public final Set<Topic> inputs() {
        return INPUTS;
    }

    @Override
    public final Set<Topic> owned() {
        return stage == Stage.PUBLISH ? Set.of(Topic.PUBLISHED) : Set.of();
    }

    @Override
    public final StageState merge(@Nullable StageState state, Recorded recorded) {
        Event event = recorded.event();
        if (state == null) {
            ImageFacts facts = ImageFacts.of(event.image(), recorded.time()).merge(recorded);
            return new StageState(facts, Map.of(), Map.of(), null);
        }
        ImageFacts facts = state.facts().merge(recorded);
        if (event instanceof Event.SegmentMissing missing && missing.image().equals(facts.image())) {
            facts = facts.lose(missing, stage, recorded.time());
        }
        if (!facts.image().equals(state.facts().image())) {
            return new StageState(facts, Map.of(), Map.of(), state.heldSince());
        }
        if (!event.image().equals(facts.image())) {
            return facts.equals(state.facts())
                    ? state
                    : new StageState(facts, state.assignments(), state.announced(), state.heldSince());
        }
        Map<String, Assignment> assignments = mergeAssignments(state.assignments(), recorded);
        return facts.equals(state.facts()) && assignments.equals(state.assignments())
                ? state
                : new StageState(facts, assignments, state.announced(), state.heldSince());
    }

    private static Map<String, Assignment> mergeAssignments(Map<String, Assignment> before, Recorded recorded) {
        return switch (recorded.event()) {
            case TaskHeartbeat beat ->
                change(before, beat.task().value(), a -> a.heard(beat.attempt(), recorded.time()));
            case TaskDeferred deferred ->
                change(
                        before,
                        deferred.task().value(),
                        a -> a.deferred(
                                deferred.attempt(),
                                deferred.deferral(),
                                deferred.notBefore(),
                                longestBackoff(deferred),
                                recorded.time()));
            case PushParked parked ->
                change(
                        before,
                        parked.task().value(),
                        a -> a.parked(parked.attempt(), parked.nextIndex(), recorded.time()));
            default -> before;
        };
    }

    /** An outage ends, and somebody waits for that; a defect of ours doesn't, before there is another version of us. */
    private static Duration longestBackoff(TaskDeferred deferred) {
        return deferred.task().cleans() && deferred.deferral() == TaskDeferred.Deferral.FAULT
                ? Assignment.LONGEST_CLEANING_BACKOFF
                : Assignment.LONGEST_BACKOFF;
    }

    private static Map<String, Assignment> change(
            Map<String, Assignment> before, String id, UnaryOperator<Assignment> change) {
        Assignment assignment = before.get(id);
        if (assignment == null) {
            return before;
        }
        Map<String, Assignment> after = new HashMap<>(before);
        after.put(id, change.apply(assignment));
        return after;
    }

    /** Gives out again what may have been lost: doing a task twice is harmless, waiting for one that isn't there is not. */
    @Override
    public final StageState takenOver(StageState state, Instant now) {
        Map<String, Assignment> assignments = new HashMap<>(state.assignments());
        assignments.replaceAll((id, assignment) -> assignment.doubted(now));
        return new StageState(state.facts(), assignments, state.announced(), now);
    }

    @Override
    public final Plan<StageState> plan(StageState state, PlanContext hosts) {
        ImageFacts facts = state.facts();
        PlanContext context = hosts.of(state);
        List<Event> emit = new ArrayList<>();
        Map<String, Assignment> assignments = new TreeMap<>();
        List<Event> due = new ArrayList<>(announcements(facts, context));
        for (Task task : tasks(facts, context)) {
            String id = task.id().value();
            Assignment before = state.assignments().get(id);
            Assignment now = before == null
                    ? Assignment.first(context.now())
                    : before.resumed(facts.source().staged().present(), context.now())
                            .due(context.now());
            if (now.attempt() > Assignment.MAX_ATTEMPTS && !task.id().cleans()) {
                due.add(new StageFailed(
                        facts.image(),
                        stage,
                        FailureReason.INTERNAL,
                        "%s was tried %d times and never came to an end"
                                .formatted(task.id(), Assignment.MAX_ATTEMPTS)));
                assignments.put(id, before == null ? now : before);
                continue;
            }
            assignments.put(id, now);
            if (!now.equals(before)) {
                emit.add(task.asAttempt(now.attempt()));
            }
        }
        Map<String, Instant> announced = announce(facts.image(), state.announced(), due, emit, context.now());
        StageState after = assignments.equals(state.assignments()) && announced.equals(state.announced())
                ? state
                : new StageState(facts, assignments, announced, state.heldSince());
        return new Plan<>(after, emit);
    }

    private static Map<String, Instant> announce(
            Incarnation image, Map<String, Instant> before, List<Event> due, List<Event> emit, Instant now) {
        Map<String, Instant> after = new TreeMap<>();
        for (Event event : due) {
            String epoch = switch (event) {
                case Event.Fetched fetched -> "/" + fetched.epoch();
                case Event.Converted converted -> "/" + converted.epoch();
                default -> "";
            };
            String key = event.getClass().getSimpleName() + "/" + image.version() + epoch;
            Instant said = before.get(key);
            boolean silent = said == null || !said.plus(ECHO).isAfter(now);
            if (silent) {
                emit.add(event);
            }
            after.put(key, silent ? now : said);
        }
        return after;
    }

    @Override
    public final boolean active(StageState state) {
        return !state.assignments().isEmpty();
    }

    @Override
    public final boolean forgettable(StageState state, Instant now) {
        ImageFacts facts = state.facts();
        return facts.request() == null
                && !facts.withdrawn()
                && facts.since().plus(UNREQUESTED).isBefore(now);
    }
}
