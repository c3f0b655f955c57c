package io.virtualimage.sandbox.simulator;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One life of a process: its actors share its memory, and die and stand still together. */
final class SimProcess {
    private final Scheduler scheduler;
    private final String name;
    private final Clock clock;
    private final List<Runnable> atDeath = new ArrayList<>();
    private volatile boolean dead;
    private boolean paused;
    private long pausedAt;

    /** @param name of the replica and of its life, as in {@code fetcher-1.0} */
    SimProcess(Scheduler scheduler, String name, Duration clockSkew) {
        this.scheduler = scheduler;
        this.name = name;
        this.clock = scheduler.clock(clockSkew);
    }

    String name() {
        return name;
    }

    Clock clock() {
        return clock;
    }

    Scheduler scheduler() {
        return scheduler;
    }

    boolean dead() {
        return dead;
    }

    boolean paused() {
        return paused;
    }

    /** Whether it stands still, or has ended, for others to see: its connections are silent. */
    boolean silentFor(Duration time) {
        return dead || (paused && scheduler.millis() - pausedAt >= time.toMillis());
    }

    void start(String actor, Actor.Body body) {
        scheduler.spawn(this, actor, body);
    }

    /** SIGSTOP. */
    void pause() {
        paused = true;
        pausedAt = scheduler.millis();
    }

    /** SIGCONT. */
    void resume() {
        paused = false;
    }

    /** What the rest of the world notices at once when the process is gone. */
    void atDeath(Runnable notice) {
        atDeath.add(notice);
    }

    /** SIGKILL. */
    void die() {
        if (!dead) {
            dead = true;
            paused = false;
            atDeath.forEach(Runnable::run);
        }
    }

    /** The point before an effect: here others run, and here the process may die or stand still. */
    void effect(String what, Object detail) {
        scheduler.effect(what, detail);
    }
}
