package io.virtualimage.disk.convert;

import io.virtualimage.disk.DiskException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Does the same on several threads, until there is no more of it. */
final class Workers {
    /** What one thread does. */
    interface Work {
        void run() throws IOException, DiskException;
    }

    private Workers() {}

    /**
     * Runs {@code work} once on each thread, and waits for all. The first failure is thrown, the others are suppressed in
     * it.
     *
     * @param stop lets the work of all threads end early; called when one has failed
     */
    static void run(int threads, Runnable stop, Work work) throws IOException, DiskException {
        List<Throwable> failures = new ArrayList<>();
        try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                all.add(workers.submit(() -> {
                    try {
                        work.run();
                        return null;
                    } catch (Throwable e) {
                        stop.run();
                        throw e;
                    }
                }));
            }
            for (Future<?> one : all) {
                await(one, stop, failures);
            }
        }
        if (!failures.isEmpty()) {
            Throwable first = failures.removeFirst();
            failures.forEach(first::addSuppressed);
            switch (first) {
                case IOException e -> throw e;
                case DiskException e -> throw e;
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> throw new IllegalStateException(first);
            }
        }
    }

    private static void await(Future<?> work, Runnable stop, List<Throwable> failures) {
        boolean interrupted = false;
        while (true) {
            try {
                work.get();
                break;
            } catch (ExecutionException e) {
                failures.add(e.getCause());
                break;
            } catch (InterruptedException e) {
                stop.run();
                interrupted = true;
                failures.add(new InterruptedIOException("interrupted"));
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
