package io.virtualimage.watcher;

import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Tombstones;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.Request;
import io.virtualimage.topics.Incarnation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what the planner decides about one image at a time. Records may be heard from another thread than the one that
 * reconciles.
 */
public final class Reconciler {
    private static final Logger log = LoggerFactory.getLogger(Reconciler.class);

    /** What was said and has not come back on the topic by then is said again. */
    private static final Duration ECHO = Duration.ofSeconds(10);

    /** Until what an image waits for can be looked up, it is looked at so often. */
    private static final Duration SOON = Duration.ofMillis(500);

    private final RequestPlanner planner;
    private final ImageObjects objects;
    private final Surroundings surroundings;
    private final Announcer announcer;
    private final Tombstones tombstones;
    private final Clock clock;
    private final BooleanSupplier leading;
    private final Map<String, OnRecord> records = new ConcurrentHashMap<>();
    private final Map<String, Said> said = new ConcurrentHashMap<>();

    private record Said(Request request, Instant at) {}

    /** @param leading asked before every action: whether this replica is the one to act */
    public Reconciler(
            RequestPlanner planner,
            ImageObjects objects,
            Surroundings surroundings,
            Announcer announcer,
            Tombstones tombstones,
            Clock clock,
            BooleanSupplier leading) {
        this.planner = planner;
        this.objects = objects;
        this.surroundings = surroundings;
        this.announcer = announcer;
        this.tombstones = tombstones;
        this.clock = clock;
        this.leading = leading;
    }

    /** Takes in a record of {@code requests} or {@code published}. */
    public void heard(ViewRecord record) {
        OnRecord now = records.compute(record.key(), (uid, before) -> {
            OnRecord after = (before == null ? OnRecord.NOTHING : before).with(record);
            return after.isEmpty() ? null : after;
        });
        said.computeIfPresent(
                record.key(), (uid, last) -> now != null && last.request().equals(now.request()) ? null : last);
    }

    /** All images that there is an object or a record of. */
    public Set<String> uids() {
        Set<String> uids = new HashSet<>(records.keySet());
        uids.addAll(objects.uids());
        return uids;
    }

    /**
     * Brings one image in order.
     *
     * @return when to look again, if that is known; any change asks for a look besides
     */
    public Optional<Duration> reconcile(String uid) throws AnnouncementException, InterruptedException {
        OnRecord record = records.getOrDefault(uid, OnRecord.NOTHING);
        for (Action action : plan(uid, record)) {
            if (!leading.getAsBoolean()) {
                return Optional.empty();
            }
            if (action instanceof Action.Say(Request request) && mustWait(uid, request)) {
                return Optional.of(ECHO);
            }
            if (action instanceof Action.LookAgain) {
                return Optional.of(SOON);
            }
            act(uid, action);
        }
        return Optional.empty();
    }

    private List<Action> plan(String uid, OnRecord record) {
        Optional<WantedImage> image = objects.known(uid);
        // First the caches, then a look into them: what changes in between asks for another look.
        surroundings.follow(uid, image.map(each -> planner.needs(each, record)).orElse(Set.of()));
        if (image.isPresent()) {
            List<Action> actions = planner.plan(image.get(), record, surroundings);
            // A cache may be late with a machine, and a withdrawal can't be taken back.
            boolean withdraws = !record.withdrawn()
                    && actions.stream()
                            .anyMatch(action ->
                                    action instanceof Action.Say(Request said) && said instanceof ImageWithdrawn);
            return withdraws ? planner.plan(image.get(), record, surroundings.live()) : actions;
        }
        Incarnation last = record.last();
        List<Action> actions = planner.planAbsent(record, clock.instant());
        // The cache may be late with a new object, and what would follow can't be taken back.
        return actions.isEmpty() || last == null || objects.exists(last.namespace(), last.name(), uid)
                ? List.of()
                : actions;
    }

    /**
     * Whether the same was just said; or something else of this spec, which has to be on record before what follows can be
     * told: what was requested once is never requested differently under the same name.
     */
    private boolean mustWait(String uid, Request request) {
        Said last = said.get(uid);
        if (last == null || !last.at().plus(ECHO).isAfter(clock.instant())) {
            return false;
        }
        boolean follows = !(request instanceof ImageWithdrawn)
                && last.request().image().generation() == request.image().generation();
        return follows || last.request().equals(request);
    }

    private void act(String uid, Action action) throws AnnouncementException, InterruptedException {
        switch (action) {
            case Action.AddFinalizer(WantedImage image) -> objects.addFinalizer(image);
            case Action.RemoveFinalizer(WantedImage image) -> {
                objects.removeFinalizer(image);
                log(image, "image let go");
            }
            case Action.Say(Request request) -> {
                announcer.announce(request);
                // Not if the view was quicker.
                OnRecord now = records.get(uid);
                if (!request.equals(now == null ? null : now.request())) {
                    said.put(uid, new Said(request, clock.instant()));
                }
                log(request);
            }
            case Action.LookAgain ignored -> {} // the one who asked knows when
            case Action.Forget(String forgotten) -> tombstones.forget(forgotten);
        }
    }

    private static void log(Request request) {
        Incarnation image = request.image();
        log.atInfo()
                .addKeyValue("image", image.subject())
                .addKeyValue("uid", image.uid())
                .addKeyValue("generation", image.generation())
                .addKeyValue("run", image.run())
                .addKeyValue("request", request.getClass().getSimpleName())
                .log("request announced");
    }

    private static void log(WantedImage image, String message) {
        log.atInfo()
                .addKeyValue("image", image.namespace() + "/" + image.name())
                .addKeyValue("uid", image.uid())
                .addKeyValue("generation", image.generation())
                .log(message);
    }
}
