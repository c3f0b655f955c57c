package io.virtualimage.stage.fold;

import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.SegmentSet;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A task that was given out and is not done.
 *
 * @param attempt which attempt it is, from 1
 * @param givenAt when it was last put on its topic
 * @param heardAt when its worker last gave a sign of life; null if it never did in this attempt
 * @param timesUnheard how often this attempt was given out again because nobody had started it
 * @param deferrals how often in a row it was given back
 * @param notBefore when it is to be given out again; null if it is out now
 * @param waitsFor the segment whose arrival makes it worth giving out earlier; null if none does
 */
public record Assignment(
        int attempt,
        Instant givenAt,
        @Nullable Instant heardAt,
        int timesUnheard,
        int deferrals,
        @Nullable Instant notBefore,
        @Nullable Integer waitsFor) {

    /** After so many attempts the task is given up. */
    public static final int MAX_ATTEMPTS = 10;

    /** A worker that was heard of and then silent for this long is taken for dead. */
    static final Duration SILENCE = Duration.ofSeconds(60);

    /** A task that nobody started is given out again after this long, then twice as long, and so on. */
    static final Duration UNSTARTED = Duration.ofMinutes(10);

    private static final Duration FIRST_BACKOFF = Duration.ofMillis(500);
    static final Duration LONGEST_BACKOFF = Duration.ofSeconds(30);

    /** What may break for ever is tried for ever, but not often. */
    static final Duration LONGEST_CLEANING_BACKOFF = Duration.ofMinutes(5);

    /** What was given out so shortly before a host took over may have been lost with the one before it. */
    private static final Duration DOUBT = Duration.ofSeconds(60);

    static Assignment first(Instant now) {
        return new Assignment(1, now, null, 0, 0, null, null);
    }

    Assignment heard(int fromAttempt, Instant now) {
        return fromAttempt == attempt && notBefore == null
                ? new Assignment(attempt, givenAt, now, timesUnheard, deferrals, null, null)
                : this;
    }

    /**
     * The task came back. Backs off, exponentially, but never begins before the worker's own time.
     *
     * @param longest what the back-off doesn't grow beyond
     */
    Assignment deferred(int fromAttempt, Deferral deferral, Instant earliest, Duration longest, Instant now) {
        if (fromAttempt != attempt || notBefore != null) {
            return this; // said twice, or by one who was given up
        }
        boolean starved = deferral == Deferral.STARVED;
        Duration backoff = starved ? FIRST_BACKOFF : backoff(deferrals, longest);
        Instant next = now.plus(backoff);
        return new Assignment(
                deferral == Deferral.FAULT ? attempt + 1 : attempt,
                givenAt,
                null,
                timesUnheard,
                starved ? 0 : deferrals + 1,
                earliest.isAfter(next) ? earliest : next,
                null);
    }

    /** The task came back because a segment that it needs is not staged yet. */
    Assignment parked(int fromAttempt, int segment, Instant now) {
        return fromAttempt == attempt && notBefore == null
                ? new Assignment(attempt, givenAt, null, timesUnheard, 0, now.plus(SILENCE), segment)
                : this;
    }

    /** The same, due at once if what it waited for is staged. */
    Assignment resumed(SegmentSet staged, Instant now) {
        return waitsFor != null && staged.contains(waitsFor)
                ? new Assignment(attempt, givenAt, null, timesUnheard, deferrals, now, null)
                : this;
    }

    /** The same, due at once if it may never have got onto its topic. */
    Assignment doubted(Instant now) {
        boolean doubtful =
                notBefore == null && heardAt == null && givenAt.plus(DOUBT).isAfter(now);
        return doubtful ? new Assignment(attempt, givenAt, null, timesUnheard, deferrals, now, null) : this;
    }

    /** What has become of it by now: the same, or the assignment to give out. */
    Assignment due(Instant now) {
        if (notBefore != null) {
            return notBefore.isAfter(now)
                    ? this
                    : new Assignment(attempt, now, null, timesUnheard, deferrals, null, null);
        }
        if (heardAt != null) {
            return heardAt.plus(SILENCE).isAfter(now)
                    ? this
                    : new Assignment(attempt + 1, now, null, 0, deferrals, null, null);
        }
        Duration patience = UNSTARTED.multipliedBy(1L << Math.min(timesUnheard, 10));
        return givenAt.plus(patience).isAfter(now)
                ? this
                : new Assignment(attempt, now, null, timesUnheard + 1, deferrals, null, null);
    }

    private static Duration backoff(int deferrals, Duration longest) {
        Duration backoff = FIRST_BACKOFF.multipliedBy(1L << Math.min(deferrals, 10));
        return backoff.compareTo(longest) < 0 ? backoff : longest;
    }
}
