package io.virtualimage.volume.read;

import io.virtualimage.volume.link.GoneException;
import io.virtualimage.volume.link.IndexRanges;
import io.virtualimage.volume.link.ServiceLink;
import io.virtualimage.volume.link.SignOfLife;
import io.virtualimage.volume.link.VolumeException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Sends what a volume holds to a fetcher, of that only what isn't staged yet. May be killed and begun again at any time.
 *
 * <p>The fetcher answers below the Pod's URL: {@code POST open/BYTES} with the length of a segment in bytes;
 * {@code GET missing} with the segments that aren't staged ({@link IndexRanges}), none when all is there;
 * {@code PUT segments/INDEX} takes one; {@code PUT zeros/INDEX} takes the word that one holds only zeros.
 */
public final class VolumeReader {
    private final ServiceLink link;
    private final int threads;
    private final Duration signs;

    /**
     * A reader.
     *
     * @param threads how many segments are under way at once
     * @param signs the pause between two signs of life
     */
    public VolumeReader(ServiceLink link, int threads, Duration signs) {
        this.link = link;
        this.threads = threads;
        this.signs = signs;
    }

    /**
     * Sends until the fetcher says that all is there.
     *
     * @param path a block device, or the directory where a file system is mounted
     */
    public void read(Path path) throws VolumeException, GoneException, InterruptedException {
        try (VolumeFile volume = VolumeFile.open(path)) {
            long length = volume.lengthBytes();
            long segmentBytes = number(link.post("open/" + length));
            try (SignOfLife life = new SignOfLife(link, signs);
                    ExecutorService senders = Executors.newFixedThreadPool(threads)) {
                try {
                    int[] missing = IndexRanges.parse(link.get("missing"));
                    life.done(length - bytes(missing, segmentBytes, length));
                    while (missing.length > 0) {
                        sendAll(missing, segmentBytes, volume, senders, life);
                        missing = IndexRanges.parse(link.get("missing"));
                    }
                } finally {
                    senders.shutdownNow();
                }
            }
        } catch (IOException e) {
            throw VolumeException.ofVolume("the volume can't be closed: " + e.getMessage(), e);
        }
    }

    private static long number(String answer) throws VolumeException {
        try {
            long number = Long.parseLong(answer.strip());
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw VolumeException.ofVolume("the service answers with no length of segments", e);
        }
        throw VolumeException.ofVolume("the service answers with an impossible length of segments", null);
    }

    private static long bytes(int[] segments, long segmentBytes, long length) {
        return Arrays.stream(segments)
                .mapToLong(index -> Math.min(segmentBytes, length - index * segmentBytes))
                .sum();
    }

    private void sendAll(int[] segments, long segmentBytes, VolumeFile volume, ExecutorService senders, SignOfLife life)
            throws VolumeException, GoneException, InterruptedException {
        Queue<Integer> queue = new ConcurrentLinkedQueue<>();
        Arrays.stream(segments).forEach(queue::add);
        List<Future<?>> ends = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            ends.add(senders.submit(() -> {
                try {
                    sendFrom(queue, segmentBytes, volume, life);
                } finally {
                    queue.clear(); // empty, or there is no point in going on with it
                }
                return null;
            }));
        }
        for (Future<?> end : ends) {
            await(end);
        }
    }

    private void sendFrom(Queue<Integer> queue, long segmentBytes, VolumeFile volume, SignOfLife life)
            throws VolumeException, GoneException, InterruptedException {
        for (Integer next = queue.poll(); next != null; next = queue.poll()) {
            life.checkpoint();
            long offset = next * segmentBytes;
            long count = Math.min(segmentBytes, volume.lengthBytes() - offset);
            if (count <= 0) {
                throw VolumeException.ofVolume("the service asks for a segment behind the volume's end", null);
            }
            send(next, volume, offset, count);
            life.done(count);
        }
    }

    private void send(int index, VolumeFile volume, long offset, long count)
            throws VolumeException, GoneException, InterruptedException {
        if (volume.isZero(offset, count)) {
            link.put("zeros/" + index, BodyPublishers::noBody, () -> null);
            return;
        }
        AtomicReference<@Nullable VolumeException> broken = new AtomicReference<>();
        link.put("segments/" + index, () -> body(volume, offset, count, broken), broken::get);
    }

    private static BodyPublisher body(
            VolumeFile volume, long offset, long count, AtomicReference<@Nullable VolumeException> broken) {
        return BodyPublishers.fromPublisher(
                BodyPublishers.ofInputStream(() -> new Watched(volume.piece(offset, count), volume, broken)), count);
    }

    /** Keeps why the volume could not be read: the client that reads it takes that for trouble of its own. */
    private static final class Watched extends FilterInputStream {
        private final VolumeFile volume;
        private final AtomicReference<@Nullable VolumeException> broken;

        private Watched(InputStream in, VolumeFile volume, AtomicReference<@Nullable VolumeException> broken) {
            super(in);
            this.volume = volume;
            this.broken = broken;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                return super.read(buffer, offset, length);
            } catch (IOException e) {
                broken.set(volume.unreadable(e));
                throw e;
            }
        }
    }

    private static void await(Future<?> end) throws VolumeException, GoneException, InterruptedException {
        try {
            end.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case VolumeException failure -> throw failure;
                case GoneException gone -> throw gone;
                case InterruptedException interrupted -> throw interrupted;
                case null -> throw new IllegalStateException(e);
                default -> throw new IllegalStateException(e.getCause());
            }
        }
    }
}
