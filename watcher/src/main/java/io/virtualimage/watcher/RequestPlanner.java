package io.virtualimage.watcher;

import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.Request;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Incarnation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares what the objects say with what is on record, and says what to do about the difference. Pure, and
 * level-triggered: it never matters which change led to a look, or how many were missed. The actions are to be done in
 * their order, and none after one that failed.
 */
public final class RequestPlanner {
    private final Duration withdrawnKept;

    /** @param withdrawnKept for how long a withdrawn image stays on record after all of it was removed */
    public RequestPlanner(Duration withdrawnKept) {
        this.withdrawnKept = withdrawnKept;
    }

    /** What is looked at for an object; nothing if what is around it can't change anything any more. */
    Set<Dependency> needs(WantedImage image, OnRecord record) {
        boolean over = image.deleting()
                ? record.withdrawn() || isForeign(image, record)
                : isAhead(record, image) || isAdopted(image, record);
        if (over) {
            return Set.of();
        }
        Set<Dependency> needs = new HashSet<>();
        needs.add(UseReading.needs(image));
        if (!image.deleting() && !isFixed(image, record)) {
            needs.addAll(DependencyReading.needs(image));
        }
        return needs;
    }

    /**
     * What to do about an object that exists.
     *
     * @param surroundings asked for what the object {@link #needs}
     */
    public List<Action> plan(WantedImage image, OnRecord record, Surroundings surroundings) {
        if (image.deleting()) {
            return leave(image, record, surroundings);
        }
        if (isAhead(record, image)) {
            return List.of(); // the object was read before what is on record was written
        }
        if (isAdopted(image, record)) {
            return List.of();
        }
        List<Action> actions = new ArrayList<>();
        if (!image.kept()) {
            actions.add(new Action.AddFinalizer(image));
        }
        Wish wish = isFixed(image, record) ? Wish.asItWas(record, false) : wish(image, record, surroundings);
        UseReading use = UseReading.of(image, surroundings);
        if (wish.request() != null) {
            Request request = with(wish.request(), use(use, record), image.check());
            if (!request.equals(record.request())) {
                actions.add(new Action.Say(request));
            }
        }
        if (wish.open() || use instanceof UseReading.Unclear) {
            actions.add(new Action.LookAgain());
        }
        return actions;
    }

    /** What is to be said of its use; as long as nobody can tell, what was said before. */
    private static @Nullable ImageUse use(UseReading reading, OnRecord record) {
        return switch (reading) {
            case UseReading.Known known -> known.use(false);
            case UseReading.Unclear ignored ->
                record.standing() == null ? null : record.standing().use();
        };
    }

    /** The same request with what may change beside it: neither starts anything over. */
    private static Request with(Request request, @Nullable ImageUse use, @Nullable String check) {
        return switch (request) {
            case ImageRequested requested -> requested.with(use, check);
            case ImageBlocked blocked -> blocked.with(use);
            case ImageWithdrawn withdrawn -> withdrawn;
        };
    }

    private static boolean isAhead(OnRecord record, WantedImage image) {
        Incarnation highest = record.highest();
        return record.withdrawn() || (highest != null && highest.generation() > image.generation());
    }

    /** Published by another installation, or before the topics were lost. */
    private static boolean isAdopted(WantedImage image, OnRecord record) {
        return record.request() == null && image.settled();
    }

    /**
     * Whether the request stays as it is, whatever becomes of what the image was made from: it is published, or failed and
     * nobody asked for another try.
     */
    private static boolean isFixed(WantedImage image, OnRecord record) {
        Incarnation highest = record.highest();
        return highest != null
                && highest.generation() == image.generation()
                && !asksAgain(image, record, highest)
                && (record.isPublished(highest) || image.settled() || image.failed());
    }

    /** An annotation that was taken away asks for nothing, and one that came before the image failed for nothing yet. */
    private static boolean asksAgain(WantedImage image, OnRecord record, Incarnation highest) {
        return image.retry() != null
                && !Objects.equals(image.retry(), record.retry())
                && !record.isPublished(highest)
                && image.failed();
    }

    /**
     * What to do about an image that has no object any more, although nobody saw it go; or that was cleaned up long ago.
     * Only to be done if a look at the API server, past all caches, finds that there is no object of this UID.
     */
    public List<Action> planAbsent(OnRecord record, Instant now) {
        Incarnation last = record.last();
        if (last == null) {
            return List.of();
        }
        if (!(record.request() instanceof ImageWithdrawn) && !record.isRemoved()) {
            return List.of(new Action.Say(new ImageWithdrawn(last)));
        }
        Instant since = record.publishedAt();
        boolean longGone = record.isRemoved()
                && record.request() != null // else it is forgotten already, and the publisher's fold follows
                && since != null
                && !since.plus(withdrawnKept).isAfter(now);
        return longGone ? List.of(new Action.Forget(last.uid())) : List.of();
    }

    private static boolean isForeign(WantedImage image, OnRecord record) {
        return record.isEmpty() && !image.kept();
    }

    private static List<Action> leave(WantedImage image, OnRecord record, Surroundings surroundings) {
        if (isForeign(image, record)) {
            return List.of();
        }
        if (!record.withdrawn()) {
            return switch (UseReading.of(image, surroundings)) {
                case UseReading.Known known -> withdraw(image, record, known);
                case UseReading.Unclear ignored -> List.of(new Action.LookAgain());
            };
        }
        if (!(record.request() instanceof ImageWithdrawn)) {
            return List.of(withdrawal(image, record)); // a late request covers it
        }
        return image.kept() && record.isRemoved() ? List.of(new Action.RemoveFinalizer(image)) : List.of();
    }

    /** As long as somebody uses it, nothing becomes of it but that the request says so. */
    private static List<Action> withdraw(WantedImage image, OnRecord record, UseReading.Known known) {
        ImageUse use = known.use(true);
        if (use == null) {
            return List.of(withdrawal(image, record));
        }
        Request standing = Wish.asItWas(record, false).request();
        if (standing == null) {
            return List.of();
        }
        Request waiting = with(standing, use, image.check());
        return waiting.equals(record.request()) ? List.of() : List.of(new Action.Say(waiting));
    }

    private static Action withdrawal(WantedImage image, OnRecord record) {
        return new Action.Say(new ImageWithdrawn(everythingUpTo(image, record.last())));
    }

    /** A deletion raises the generation, so this is after all incarnations there were. */
    private static Incarnation everythingUpTo(WantedImage image, @Nullable Incarnation last) {
        return last == null || image.generation() > last.generation() ? incarnation(image, 0) : last;
    }

    /**
     * What should be on record.
     *
     * @param request null if that can't be told yet
     * @param open whether more will be known soon
     */
    private record Wish(@Nullable Request request, boolean open) {
        static Wish asItWas(OnRecord record, boolean open) {
            return new Wish(record.requested() == null ? record.standing() : record.requested(), open);
        }
    }

    private static Wish wish(WantedImage image, OnRecord record, Surroundings surroundings) {
        Incarnation highest = record.highest();
        if (highest == null || highest.generation() < image.generation()) {
            return begin(image, incarnation(image, 0), surroundings);
        }
        return asksAgain(image, record, highest)
                ? begin(image, incarnation(image, highest.run() + 1), surroundings)
                : goOn(image, record, highest, surroundings);
    }

    /** Nothing was ever said of the incarnation. */
    private static Wish begin(WantedImage image, Incarnation incarnation, Surroundings surroundings) {
        return switch (DependencyReading.of(image, surroundings)) {
            case DependencyReading.Workable workable ->
                new Wish(requested(incarnation, workable, image.retry()), false);
            case DependencyReading.Missing missing -> new Wish(blocked(incarnation, missing, image.retry()), false);
            case DependencyReading.Unclear(boolean overdue, DependencyReading.Missing missing) ->
                overdue ? new Wish(blocked(incarnation, missing, image.retry()), true) : new Wish(null, true);
        };
    }

    /**
     * What was requested once may have left bytes: whatever is not the same has the next run, so that bytes of two sources
     * never meet.
     */
    private static Wish goOn(WantedImage image, OnRecord record, Incarnation highest, Surroundings surroundings) {
        ImageRequested before = record.requested();
        Incarnation next = incarnation(image, before == null ? highest.run() : highest.run() + 1);
        return switch (DependencyReading.of(image, surroundings)) {
            case DependencyReading.Workable workable -> {
                ImageRequested now = requested(next, workable, record.retry());
                yield before != null && !record.torn() && OnRecord.sameContent(before, now)
                        ? new Wish(before, false)
                        : new Wish(now, false);
            }
            case DependencyReading.Missing missing -> new Wish(blocked(next, missing, record.retry()), false);
            case DependencyReading.Unclear(boolean overdue, DependencyReading.Missing missing) ->
                // What is under way isn't stopped because nobody answers.
                overdue && before == null
                        ? new Wish(blocked(next, missing, record.retry()), true)
                        : Wish.asItWas(record, true);
        };
    }

    private static ImageRequested requested(
            Incarnation incarnation, DependencyReading.Workable workable, @Nullable String retry) {
        return new ImageRequested(
                incarnation,
                workable.source(),
                workable.place().storage(),
                retry,
                workable.sourceUid(),
                workable.place().storageClass());
    }

    private static ImageBlocked blocked(
            Incarnation incarnation, DependencyReading.Missing missing, @Nullable String retry) {
        return new ImageBlocked(
                incarnation, missing.condition().wire(), missing.reason().wire(), missing.message(), retry);
    }

    private static Incarnation incarnation(WantedImage image, long run) {
        return new Incarnation(image.namespace(), image.name(), image.uid(), image.generation(), run);
    }
}
