package io.virtualimage.fetcher.source;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;

/** Lets a replica have only so many connections to one host at a time; those who wait get theirs in order. */
final class HostSlots {
    private final int perHost;
    private final ConcurrentMap<String, Host> hosts = new ConcurrentHashMap<>();

    HostSlots(int perHost) {
        this.perHost = perHost;
    }

    /** Waits for a slot; closing it gives it back, once. */
    Slot acquire(String host) throws InterruptedException {
        Host slots = hosts.compute(host, (name, known) -> (known == null ? new Host(perHost) : known).used());
        try {
            slots.free.acquire();
        } catch (InterruptedException e) {
            leave(host);
            throw e;
        }
        return new Slot(host, slots);
    }

    private void leave(String host) {
        hosts.computeIfPresent(host, (name, known) -> known.left() ? known : null);
    }

    /** Hosts that somebody uses or waits for. */
    int size() {
        return hosts.size();
    }

    /** One connection. */
    final class Slot implements AutoCloseable {
        private final String host;
        private final Host slots;
        private boolean closed;

        private Slot(String host, Host slots) {
            this.host = host;
            this.slots = slots;
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                slots.free.release();
                leave(host);
            }
        }
    }

    private static final class Host {
        private final Semaphore free;
        private int users; // only touched within the map's own lock

        Host(int count) {
            free = new Semaphore(count, true);
        }

        Host used() {
            users++;
            return this;
        }

        boolean left() {
            users--;
            return users > 0;
        }
    }
}
