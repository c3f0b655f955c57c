package io.virtualimage.sandbox.simulator;

import io.virtualimage.topics.Event;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.WorkGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A share group as the broker keeps it (KIP-932): a record is out to one member until it is acknowledged, its lock runs
 * out, or the member's connection is lost; after the tenth delivery it is dropped, and nobody is told.
 */
final class ShareGroup {
    private static final int DELIVERY_LIMIT = 10;
    private static final Duration LOCK = Duration.ofMillis(WorkGroup.LOCK_MS);

    /** How far from the oldest open record members reach. */
    private static final int REACH = 8;

    private static final class Slot {
        private final Task task;
        private final Position at;
        private int deliveries;
        private @Nullable Acquired holder;

        private Slot(Task task, Position at) {
            this.task = task;
            this.at = at;
        }
    }

    /** A delivery, as long as it lasts. */
    final class Acquired {
        private final Slot slot;
        private final SimProcess process;
        private final int count;
        private long lockedUntil;

        private Acquired(Slot slot, SimProcess process, int count) {
            this.slot = slot;
            this.process = process;
            this.count = count;
            this.lockedUntil = scheduler.millis() + LOCK.toMillis();
        }

        Task task() {
            return slot.task;
        }

        Position at() {
            return slot.at;
        }

        int deliveryCount() {
            return count;
        }

        /** Prolongs the lock; false if it was lost. */
        boolean renew() {
            expire();
            if (slot.holder != this) {
                return false;
            }
            lockedUntil = scheduler.millis() + LOCK.toMillis();
            return true;
        }

        /** Takes the record off the group's hands; nothing happens if somebody else has it by now. */
        void acknowledge() {
            expire();
            if (slot.holder == this) {
                open.remove(slot);
            }
        }

        /** Gives it back, as a lost connection does. */
        void release() {
            if (slot.holder == this) {
                free(slot);
            }
        }
    }

    private final Scheduler scheduler;
    private final WorkGroup group;
    private final Counts counts;
    private final List<Slot> open = new ArrayList<>();

    ShareGroup(Scheduler scheduler, WorkGroup group, Counts counts) {
        this.scheduler = scheduler;
        this.group = group;
        this.counts = counts;
    }

    WorkGroup group() {
        return group;
    }

    void offer(Topic topic, Position at, Event event) {
        if (topic == group.topic() && event instanceof Task task) {
            open.add(new Slot(task, at));
        }
    }

    boolean hasWork() {
        expire();
        return open.stream().anyMatch(slot -> slot.holder == null);
    }

    /** The tasks that are not done with. */
    List<Task> tasks() {
        return open.stream().map(slot -> slot.task).toList();
    }

    /** How many records are not done with. */
    int size() {
        return open.size();
    }

    Optional<Acquired> acquire(SimProcess process, Dice dice) {
        expire();
        List<Slot> free =
                open.stream().filter(slot -> slot.holder == null).limit(REACH).toList();
        if (free.isEmpty()) {
            return Optional.empty();
        }
        Slot slot = dice.pick(free);
        slot.deliveries++;
        if (slot.deliveries > 1) {
            counts.redeliveries++;
        }
        Acquired acquired = new Acquired(slot, process, slot.deliveries);
        slot.holder = acquired;
        return Optional.of(acquired);
    }

    /** The connections of a killed process are lost. */
    void disconnect(SimProcess process) {
        for (Slot slot : List.copyOf(open)) {
            if (slot.holder != null && slot.holder.process == process) {
                free(slot);
            }
        }
    }

    private void expire() {
        for (int i = open.size() - 1; i >= 0; i--) {
            Slot slot = open.get(i);
            if (slot.holder != null && slot.holder.lockedUntil <= scheduler.millis()) {
                free(slot);
            }
        }
    }

    private void free(Slot slot) {
        slot.holder = null;
        if (slot.deliveries >= DELIVERY_LIMIT) {
            open.remove(slot);
            counts.archived++;
        }
    }
}
