package io.virtualimage.sandbox.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A process that is started again when it dies, and what the rest of the world notices of that. */
final class Replica {
    static final Duration SESSION_TIMEOUT = Duration.ofSeconds(6);

    private final Scheduler scheduler;
    private final String name;
    private final Dice dice;
    private final Consumer<Replica> start;
    private final List<Runnable> memberships = new ArrayList<>();
    private final List<WorkerPool> pools = new ArrayList<>();
    private SimProcess life;
    private int lives;

    /** @param start has the actors of a new life begin */
    Replica(Scheduler scheduler, String name, Dice dice, Consumer<Replica> start) {
        this.scheduler = scheduler;
        this.name = name;
        this.dice = dice;
        this.start = start;
        this.life = begin();
        start.accept(this);
    }

    private SimProcess begin() {
        memberships.clear();
        pools.clear();
        Duration skew = Duration.ofMillis(dice.between(-300, 300));
        return new SimProcess(scheduler, name + "." + lives++, skew);
    }

    String name() {
        return name;
    }

    SimProcess life() {
        return life;
    }

    /** What becomes of this life's membership in a group when it is not heard of any more. */
    void leaves(Runnable membership) {
        memberships.add(membership);
    }

    void owns(WorkerPool pool) {
        pools.add(pool);
    }

    List<WorkerPool> pools() {
        return pools;
    }

    /** SIGKILL, and after a while another life. */
    void crash(Duration downtime) {
        SimProcess dead = life;
        List<Runnable> left = List.copyOf(memberships);
        scheduler.note(dead.name(), "is killed", "");
        dead.die();
        scheduler.bury(dead);
        scheduler.after(SESSION_TIMEOUT, () -> left.forEach(Runnable::run));
        scheduler.after(downtime, () -> {
            life = begin();
            scheduler.note(life.name(), "starts", "");
            start.accept(this);
        });
    }

    boolean running() {
        return !life.dead() && !life.paused();
    }

    /** SIGSTOP, and after a while SIGCONT. */
    void pause(Duration time) {
        SimProcess paused = life;
        List<Runnable> left = List.copyOf(memberships);
        scheduler.note(paused.name(), "stands still for", time);
        paused.pause();
        scheduler.after(SESSION_TIMEOUT, () -> {
            if (paused.silentFor(SESSION_TIMEOUT)) {
                left.forEach(Runnable::run);
            }
        });
        scheduler.after(time, () -> resume(paused));
    }

    void resume() {
        resume(life);
    }

    private void resume(SimProcess paused) {
        if (paused.paused()) {
            scheduler.note(paused.name(), "goes on", "");
            paused.resume();
        }
    }
}
