package io.virtualimage.sandbox.components;

/**
 * Lets so many bytes through and holds what comes after them, so that a transfer stands still in its middle for as long
 * as a test needs, on any machine. Safe for use by many threads.
 */
public final class ByteGate {
    /** How many bytes may still pass; negative if all may. Guarded by this. */
    private long left = -1;

    /** From now on, so many more bytes pass. */
    public synchronized void shutAfter(long bytes) {
        left = bytes;
        notifyAll();
    }

    /** All passes, what was held first. */
    public synchronized void open() {
        left = -1;
        notifyAll();
    }

    /** Waits until these bytes may pass, all at once. */
    synchronized void pass(int bytes) throws InterruptedException {
        while (left >= 0 && left < bytes) {
            wait();
        }
        left = left < 0 ? left : left - bytes;
    }
}
