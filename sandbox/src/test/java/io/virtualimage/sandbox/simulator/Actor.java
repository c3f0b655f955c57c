package io.virtualimage.sandbox.simulator;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A thread that runs only while it holds the scheduler's baton, and gives it back at every effect. */
final class Actor {
    /** What an actor does. */
    interface Body {
        void run() throws Exception;
    }

    private static final int MOST_THROWS = 1_000;

    private final Scheduler scheduler;
    private final String name;
    private final SimProcess process;
    private final Thread thread;

    private volatile boolean turn;
    private volatile boolean finished;
    private @Nullable Throwable failure;
    private int throwsWhenDead;

    // What it waits for: runs when one of them holds; always, if neither is given.
    private @Nullable BooleanSupplier ready;
    private long wakeAt = Long.MAX_VALUE;
    private boolean waiting;

    Actor(Scheduler scheduler, SimProcess process, String name, Body body) {
        this.scheduler = scheduler;
        this.process = process;
        this.name = name;
        this.thread = Thread.ofVirtual().name(name).unstarted(() -> {
            awaitTurn();
            try {
                if (!process.dead()) {
                    body.run();
                }
            } catch (Crashed e) {
                // Its process is dead.
            } catch (Throwable e) {
                failure = e;
            } finally {
                finished = true;
                scheduler.takeBack();
            }
        });
        thread.start();
    }

    String name() {
        return name;
    }

    SimProcess process() {
        return process;
    }

    boolean finished() {
        return finished;
    }

    /** What it ended with, if that was not to be. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    boolean runnable(long now) {
        if (!waiting) {
            return true;
        }
        return wakeAt <= now || (ready != null && ready.getAsBoolean());
    }

    long wakeAt() {
        return waiting ? wakeAt : Long.MIN_VALUE;
    }

    /** Hands it the baton; the scheduler then waits for it to come back. */
    void giveTurn() {
        turn = true;
        LockSupport.unpark(thread);
    }

    /** From the actor's own thread: gives the baton back until it is chosen again. */
    void giveWay(@Nullable BooleanSupplier until, long deadline, boolean waits) {
        if (process.dead()) {
            die();
        }
        ready = until;
        wakeAt = deadline;
        waiting = waits;
        scheduler.takeBack();
        awaitTurn();
        waiting = false;
        ready = null;
        if (process.dead()) {
            die();
        }
    }

    private void die() {
        if (++throwsWhenDead > MOST_THROWS) {
            throw new IllegalStateException(name + " goes on though its process is dead");
        }
        throw new Crashed(process.name());
    }

    private void awaitTurn() {
        while (!turn) {
            LockSupport.park(this);
        }
        turn = false;
    }
}
