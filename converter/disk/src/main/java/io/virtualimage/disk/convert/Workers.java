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

/** Shares work among threads. */
final class Workers {
    /** What one thread does. */
    interface Work {
        void run() throws IOException, DiskException;
    }

    private Workers() {}

    /**
     * Does each work on a thread of its own, and waits for all. Of failures, that of the first in the list is thrown, and
     * the others are suppressed in it.
     *
     * @param stop lets all end early; called when one has failed
     */
    static void run(List<? extends Work> works, Runnable stop) throws IOException, DiskException {
        List<Throwable> failures = new ArrayList<>();
        try (ExecutorService workers = Executors.newFixedThreadPool(works.size())) {
            List<Future<?>> all = new ArrayList<>();
            for (Work work : works) {
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
