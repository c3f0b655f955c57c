package io.virtualimage.volume.fill;

import io.virtualimage.volume.link.GoneException;
import io.virtualimage.volume.link.ServiceLink;
import io.virtualimage.volume.link.VolumeException;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Fills a volume with what a publisher says, of that only what isn't there yet. May be killed and begun again at any time.
 *
 * <p>The publisher answers below the Pod's URL: {@code GET plan} ({@link FillPlan}); {@code GET runs/FROM-TO} with the
 * first part of what stands there in the disk ({@link RunReader}); {@code PUT done} takes the list of ranges that are done;
 * {@code POST finish} the word that all of them are.
 */
public final class VolumeWriter {
    private static final int MOST_BEGINNINGS = 10;
    private static final byte[] ZERO_BLOCK = new byte[256 << 10];

    private final ServiceLink link;
    private final int threads;
    private final Duration signs;

    /**
     * A writer.
     *
     * @param threads how many ranges are under way at once
     * @param signs the pause between two signs of life, at most
     */
    public VolumeWriter(ServiceLink link, int threads, Duration signs) {
        this.link = link;
        this.threads = threads;
        this.signs = signs;
    }

    /**
     * Writes until all is there, and the publisher knows.
     *
     * @param path a block device, or the directory where a file system is mounted
     */
    public void fill(Path path) throws VolumeException, GoneException, InterruptedException {
        FillPlan told = FillPlan.parse(link.get("plan"));
        FillPlan plan = VolumeTarget.kept(path, told.lengthBytes()) ? told : fromTheBeginning(told);
        try (VolumeTarget target = VolumeTarget.open(path, plan.lengthBytes());
                DoneReport report = new DoneReport(link, signs, plan.done())) {
            writeAll(plan, target, report);
            target.forceAll();
            report.finish();
        } catch (IOException e) {
            throw VolumeException.ofVolume("the volume can't be closed: " + e.getMessage(), e);
        }
        try {
            link.post("finish");
        } catch (GoneException e) {
            // An answer may have been lost. Nothing is left to be done, whatever has become of the image.
            System.out.println(e.getMessage());
        }
    }

    /** Said before there is a file that the next Pod would take for the one that was lost. */
    private FillPlan fromTheBeginning(FillPlan told) throws VolumeException, GoneException, InterruptedException {
        if (told.done().isEmpty()) {
            return told;
        }
        link.put("done", BodyPublishers::noBody, () -> null);
        return new FillPlan(told.lengthBytes(), told.rangeBytes(), new BitSet(), told.verify());
    }

    private void writeAll(FillPlan plan, VolumeTarget target, DoneReport report)
            throws VolumeException, GoneException, InterruptedException {
        Iterator<Integer> missing = plan.missing().boxed().iterator();
        AtomicBoolean stopped = new AtomicBoolean();
        ExecutorService writers = Executors.newFixedThreadPool(threads);
        try {
            ExecutorCompletionService<Void> ends = new ExecutorCompletionService<>(writers);
            List<Future<Void>> under = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                under.add(ends.submit(() -> {
                    for (Integer next = next(missing); next != null; next = next(missing)) {
                        report.checkpoint();
                        write(next, plan, target, stopped);
                        report.add(next);
                    }
                    return null;
                }));
            }
            for (int i = 0; i < under.size(); i++) {
                await(ends.take()); // the first to fail ends all
            }
        } finally {
            stopped.set(true);
            writers.shutdownNow();
            writers.close(); // nobody may write after this Pod has said that it failed
        }
    }

    private static @Nullable Integer next(Iterator<Integer> missing) {
        synchronized (missing) {
            return missing.hasNext() ? missing.next() : null;
        }
    }

    private void write(int range, FillPlan plan, VolumeTarget target, AtomicBoolean stopped)
            throws VolumeException, GoneException, InterruptedException {
        Writing writing = new Writing(target, plan.start(range));
        RunReader reader = new RunReader();
        long end = plan.end(range);
        while (writing.position < end) {
            stopIf(stopped);
            link.stream(() -> "runs/%d-%d".formatted(writing.position, end), body -> {
                stopIf(stopped); // an interrupt may have got lost in the client
                writing.begin();
                reader.read(body, writing.position, end, writing);
            });
        }
        target.force();
        long start = plan.start(range);
        if (plan.verify() && target.checksum(start, end - start) != writing.checksum.getValue()) {
            throw VolumeException.ofVolume(
                    "from byte %d to %d the volume does not hold what was written there".formatted(start, end), null);
        }
    }

    private static void stopIf(AtomicBoolean stopped) throws InterruptedException {
        if (stopped.get()) {
            throw new InterruptedException("another range could not be written");
        }
    }

    /** One range being written. */
    private static final class Writing implements RunReader.Sink {
        private final VolumeTarget target;
        private final CRC32C checksum = new CRC32C();
        private long position;
        private long begunAt = -1;
        private int beginnings;

        Writing(VolumeTarget target, long position) {
            this.target = target;
            this.position = position;
        }

        /** An answer begins; they may break off, but not always at the same place. */
        void begin() throws VolumeException {
            beginnings = begunAt == position ? beginnings + 1 : 1;
            begunAt = position;
            if (beginnings > MOST_BEGINNINGS) {
                throw VolumeException.ofVolume(
                        "what the service sends for byte %d was damaged or cut off %d times"
                                .formatted(position, MOST_BEGINNINGS),
                        null);
            }
        }

        @Override
        public void data(long offset, ByteBuffer bytes) throws VolumeException {
            checksum.update(bytes.duplicate());
            int count = bytes.remaining();
            target.write(offset, bytes);
            position += count;
        }

        @Override
        public void zeros(long offset, long lengthBytes) throws VolumeException {
            target.writeZeros(offset, lengthBytes);
            for (long left = lengthBytes; left > 0; left -= ZERO_BLOCK.length) {
                checksum.update(ZERO_BLOCK, 0, (int) Math.min(left, ZERO_BLOCK.length));
            }
            position += lengthBytes;
        }
    }

    private static void await(Future<Void> end) throws VolumeException, GoneException, InterruptedException {
        try {
            end.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case VolumeException failure -> throw failure;
                case GoneException gone -> throw gone;
                case InterruptedException interrupt -> throw interrupt;
                case RuntimeException defect -> throw defect;
                case Error error -> throw error;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }
}
