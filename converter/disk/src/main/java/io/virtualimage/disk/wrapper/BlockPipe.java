package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.DiskException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Hands the bytes of one block from the worker that unpacks it to the reader. The worker waits while the pipe is full; the
 * pieces in it are never more than its capacity. Workers are not interrupted, since that may close their source.
 */
final class BlockPipe {
    private final int capacity;
    private final Deque<Piece> pieces = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean ended;
    private boolean abandoned;
    private @Nullable Throwable failure;

    /** Some bytes of a block, at most {@link #PIECE_BYTES}, and how far in the file they end. */
    @SuppressWarnings("ArrayRecordComponent") // Handed over, and never compared.
    record Piece(byte[] bytes, long packedBytes) {}

    static final int PIECE_BYTES = 256 << 10;

    /** @param capacity how many pieces may wait to be read */
    BlockPipe(int capacity) {
        this.capacity = capacity;
    }

    /** For the worker: puts a piece in, as soon as there is room. False if nobody reads it any more. */
    boolean put(Piece piece) {
        lock.lock();
        try {
            while (pieces.size() == capacity && !abandoned) {
                changed.awaitUninterruptibly();
            }
            pieces.add(piece);
            changed.signalAll();
            return !abandoned;
        } finally {
            lock.unlock();
        }
    }

    /** For the worker: the last word; null says that the block is whole. */
    void end(@Nullable Throwable reason) {
        lock.lock();
        try {
            ended = true;
            failure = reason;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * For the reader: the next piece; null at the end of the block.
     *
     * @throws DiskException as the worker found it
     * @throws IOException as the worker got it from the source
     */
    @Nullable
    Piece take() throws IOException, DiskException {
        lock.lock();
        try {
            while (pieces.isEmpty() && !ended) {
                changed.await();
            }
            Piece piece = pieces.poll();
            changed.signalAll();
            if (piece == null && failure != null) {
                rethrow(failure);
            }
            return piece;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a block was unpacked");
        } finally {
            lock.unlock();
        }
    }

    /** For the reader: whatever else comes is not wanted. */
    void abandon() {
        lock.lock();
        try {
            abandoned = true;
            pieces.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static void rethrow(Throwable failure) throws IOException, DiskException {
        switch (failure) {
            case DiskException e -> throw e;
            case IOException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }
}
