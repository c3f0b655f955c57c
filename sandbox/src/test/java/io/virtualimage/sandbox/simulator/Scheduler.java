package io.virtualimage.sandbox.simulator;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets one actor run at a time, from one effect to the next, and says which. Time stands still but for a small step now
 * and then; it leaps when nobody can run.
 */
final class Scheduler {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private record Timed(long at, long order, Runnable action) {}

    private final Dice dice;
    private final Trace trace;
    private final List<Actor> actors = new ArrayList<>();
    private final PriorityQueue<Timed> timed = new PriorityQueue<>(
            (a, b) -> a.at() != b.at() ? Long.compare(a.at(), b.at()) : Long.compare(a.order(), b.order()));
    private long timedCount;
    private long millis;
    private long steps;
    private final int longestTick;

    private volatile @Nullable Thread self;
    private volatile boolean batonBack;
    private @Nullable Actor current;

    /** @param longestTick most milliseconds that pass with a step */
    Scheduler(Dice dice, Trace trace, int longestTick) {
        this.dice = dice;
        this.trace = trace;
        this.longestTick = longestTick;
    }

    long steps() {
        return steps;
    }

    long millis() {
        return millis;
    }

    Instant now() {
        return START.plusMillis(millis);
    }

    /** The simulated time, as it is on a machine whose clock is off by so much. */
    Clock clock(Duration skew) {
        return new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now().plus(skew);
            }
        };
    }

    void spawn(SimProcess process, String name, Actor.Body body) {
        actors.add(new Actor(this, process, process.name() + "/" + name, body));
    }

    /** Has something done by nobody in particular, when so much time has passed. */
    void after(Duration delay, Runnable action) {
        timed.add(new Timed(millis + delay.toMillis(), timedCount++, action));
    }

    /** From an actor: others may run, or it may be killed, before what comes next. */
    void effect(String what, Object detail) {
        Actor actor = running();
        actor.giveWay(null, Long.MAX_VALUE, false);
        trace.add(steps, millis, actor.name(), what, detail);
    }

    /** From an actor: waits until the condition holds or the time is over. */
    void await(@Nullable BooleanSupplier until, Duration atMost) {
        long deadline = millis + atMost.toMillis();
        running().giveWay(until, deadline < millis ? Long.MAX_VALUE : deadline, true);
    }

    void note(String who, String what, Object detail) {
        trace.add(steps, millis, who, what, detail);
    }

    private Actor running() {
        if (current == null) {
            throw new IllegalStateException("an effect outside of any actor");
        }
        return current;
    }

    /** Lets one actor run up to its next effect; false if nothing can ever happen any more. */
    boolean step() {
        self = Thread.currentThread();
        if (dice.chance(0.5)) {
            millis += dice.between(0, longestTick);
        }
        while (true) {
            while (!timed.isEmpty() && timed.peek().at() <= millis) {
                timed.remove().action().run();
            }
            List<Actor> runnable = new ArrayList<>();
            long next = timed.isEmpty() ? Long.MAX_VALUE : timed.peek().at();
            for (Actor actor : actors) {
                if (!actor.process().paused()) {
                    if (actor.runnable(millis)) {
                        runnable.add(actor);
                    } else {
                        next = Math.min(next, actor.wakeAt());
                    }
                }
            }
            if (!runnable.isEmpty()) {
                steps++;
                run(dice.pick(runnable));
                return true;
            }
            if (next == Long.MAX_VALUE) {
                return false;
            }
            millis = Math.max(millis, next);
        }
    }

    /** Ends the actors of a dead process: each finds out at the effect that it was about to have. */
    void bury(SimProcess process) {
        self = Thread.currentThread();
        for (Actor actor : List.copyOf(actors)) {
            if (actor.process() == process) {
                while (!actor.finished()) {
                    run(actor);
                }
            }
        }
    }

    private void run(Actor actor) {
        Actor before = current;
        current = actor;
        batonBack = false;
        actor.giveTurn();
        while (!batonBack) {
            LockSupport.park(this);
        }
        current = before;
        if (actor.finished()) {
            actors.remove(actor);
            Throwable failure = actor.failure();
            if (failure instanceof BrokenInvariantError broken) {
                throw broken;
            }
            if (failure != null) {
                throw new BrokenInvariantError(actor.name() + " ended with " + failure, failure);
            }
        }
    }

    /** From an actor that stops running. */
    void takeBack() {
        batonBack = true;
        LockSupport.unpark(self);
    }

    /** Ends all actors that are left. */
    void close() {
        List.copyOf(actors).stream().map(Actor::process).distinct().forEach(process -> {
            process.die();
            bury(process);
        });
    }
}
