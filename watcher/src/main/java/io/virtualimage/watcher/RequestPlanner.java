package io.virtualimage.watcher;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.Request;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Storage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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

    /** What to do about an object that exists. */
    public List<Action> plan(WantedImage image, OnRecord record) {
        if (image.deleting()) {
            return leave(image, record);
        }
        Incarnation highest = record.highest();
        if (record.withdrawn() || (highest != null && highest.generation() > image.generation())) {
            return List.of(); // the object was read before what is on record was written
        }
        if (record.request() == null && image.settled()) {
            return List.of(); // adopted: published by another installation, or before the topics were lost
        }
        List<Action> actions = new ArrayList<>();
        if (!image.kept()) {
            actions.add(new Action.AddFinalizer(image));
        }
        Request wish = wish(image, record);
        if (!wish.equals(record.request())) {
            actions.add(new Action.Say(wish));
        }
        return actions;
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

    private static List<Action> leave(WantedImage image, OnRecord record) {
        if (record.isEmpty() && !image.kept()) {
            return List.of(); // never ours
        }
        if (!(record.request() instanceof ImageWithdrawn)) {
            return List.of(new Action.Say(new ImageWithdrawn(everythingUpTo(image, record.last()))));
        }
        return image.kept() && record.isRemoved() ? List.of(new Action.RemoveFinalizer(image)) : List.of();
    }

    /** A deletion raises the generation, so this is after all incarnations there were. */
    private static Incarnation everythingUpTo(WantedImage image, @Nullable Incarnation last) {
        return last == null || image.generation() > last.generation() ? incarnation(image, 0) : last;
    }

    private static Request wish(WantedImage image, OnRecord record) {
        Incarnation highest = record.highest();
        if (highest == null || highest.generation() < image.generation()) {
            return wish(image, incarnation(image, 0), image.retry());
        }
        String answered = record.retry();
        boolean again = image.retry() != null
                && !Objects.equals(image.retry(), answered)
                && !record.isPublished(highest)
                && !image.settled();
        // An annotation that was taken away, or that came after the image was published, asks for nothing.
        return again
                ? wish(image, incarnation(image, highest.run() + 1), image.retry())
                : wish(image, incarnation(image, highest.run()), answered);
    }

    private static Request wish(WantedImage image, Incarnation incarnation, @Nullable String retry) {
        return switch (SpecReading.of(image.spec())) {
            case SpecReading.Workable(DataSource source, Storage storage) ->
                new ImageRequested(incarnation, source, storage, retry, null, null);
            case SpecReading.Unsupported(String message) ->
                new ImageBlocked(
                        incarnation,
                        ConditionType.READY.wire(),
                        ConditionReason.PROVISIONING_NOT_STARTED.wire(),
                        message,
                        retry);
        };
    }

    private static Incarnation incarnation(WantedImage image, long run) {
        return new Incarnation(image.namespace(), image.name(), image.uid(), image.generation(), run);
    }
}
