package io.virtualimage.statuswriter;

import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.topics.Event.StatusChanged;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.Incarnation;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * State of the status fold for one image.
 *
 * @param facts what is known
 * @param started whether any work on this incarnation was seen
 * @param respecified whether it took the place of one with another spec
 * @param permille the furthest progress of this incarnation, in thousandths; null while it can't be told
 * @param speed of its download
 * @param overQuota in what words a quota last kept the image from its volume; null if none does
 * @param occasions when what may happen more than once did so last
 * @param left what could not be removed of what was published, in what words; null if all was
 * @param status the status as last derived, maybe of an earlier incarnation: what a later one carries on from
 * @param said the status as last put on its topic
 */
public record StatusState(
        ImageFacts facts,
        boolean started,
        boolean respecified,
        @Nullable Integer permille,
        Speedometer speed,
        @Nullable String overQuota,
        Occasions occasions,
        @Nullable String left,
        @Nullable ImageStatus status,
        @Nullable Said said) {

    public StatusState {
        if (occasions == null) {
            occasions = Occasions.NONE; // a state that an older version left
        }
    }

    /**
     * A status that was put on its topic.
     *
     * @param heard whether it was seen there
     */
    public record Said(Incarnation image, ImageStatus status, Instant at, boolean heard) {}

    static StatusState of(ImageFacts facts) {
        return new StatusState(facts, false, false, null, Speedometer.AT_REST, null, Occasions.NONE, null, null, null);
    }

    /** The same image in a later incarnation. What users were notified of before is not told again. */
    StatusState begin(ImageFacts later) {
        boolean newSpec =
                later.image().generation() > facts.image().generation() && (facts.request() != null || respecified);
        return new StatusState(
                later,
                false,
                newSpec,
                null,
                Speedometer.AT_REST,
                null,
                Occasions.NONE,
                null,
                status == null ? null : status.withoutNotices(),
                said);
    }

    StatusState with(ImageFacts newFacts, boolean nowStarted, @Nullable Integer newPermille, Speedometer newSpeed) {
        return new StatusState(
                newFacts, nowStarted, respecified, newPermille, newSpeed, overQuota, occasions, left, status, said);
    }

    /** In other trouble than before, or in none. */
    StatusState with(@Nullable String nowOverQuota, @Nullable String nowLeft) {
        return new StatusState(
                facts, started, respecified, permille, speed, nowOverQuota, occasions, nowLeft, status, said);
    }

    StatusState with(Occasions newOccasions) {
        return new StatusState(
                facts, started, respecified, permille, speed, overQuota, newOccasions, left, status, said);
    }

    /** A status is put on its topic. */
    StatusState saying(ImageStatus derived, Instant now) {
        return with(derived, new Said(facts.image(), derived, now, false));
    }

    StatusState with(ImageStatus derived, @Nullable Said nowSaid) {
        return new StatusState(
                facts, started, respecified, permille, speed, overQuota, occasions, left, derived, nowSaid);
    }

    /**
     * A status was seen on the topic. If it isn't the one said last, a host that had been paused may have put it there,
     * and users may see it: then ours has to be said once more, dated after it.
     */
    StatusState heard(StatusChanged change) {
        if (said == null) {
            return this;
        }
        boolean ours = said.image().equals(change.image()) && said.status().equals(change.status());
        boolean overtaken = !ours
                && !change.image().isAfter(facts.image())
                && change.status().lastTransition().isAfter(said.status().lastTransition());
        if (said.heard() == ours && !overtaken) {
            return this;
        }
        ImageStatus standing = change.image().equals(facts.image())
                ? change.status()
                : change.status().withoutNotices();
        return new StatusState(
                facts,
                started,
                respecified,
                permille,
                speed,
                overQuota,
                occasions,
                left,
                overtaken ? standing : status,
                new Said(said.image(), said.status(), said.at(), ours));
    }
}
