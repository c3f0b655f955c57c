package io.virtualimage.disk.convert;

import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** Portions that one thread makes and others take. Holds so few that who makes them is not far ahead. */
final class PortionQueue implements Portions {
    private static final int CAPACITY = 16;

    private final Queue<Portion> waiting = new ArrayDeque<>();
    private boolean ended;

    /**
     * Appends a portion, as soon as there is room.
     *
     * @throws InterruptedIOException if no more are wanted, or the thread is interrupted
     */
    synchronized void put(Portion portion) throws InterruptedIOException {
        try {
            while (!ended && waiting.size() == CAPACITY) {
                wait();
            }
        } catch (InterruptedException e) {
            throw interrupted();
        }
        if (ended) {
            throw new InterruptedIOException("no more portions are wanted");
        }
        waiting.add(portion);
        notifyAll();
    }

    /** There will be no more than what is waiting. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    @Override
    public synchronized @Nullable Portion next() throws InterruptedIOException {
        try {
            while (!ended && waiting.isEmpty()) {
                wait();
            }
        } catch (InterruptedException e) {
            throw interrupted();
        }
        notifyAll();
        return waiting.poll();
    }

    @Override
    public synchronized void stop() {
        waiting.clear();
        end();
    }

    private static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted");
    }
}
