package io.virtualimage.converter;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.NotAnImageException;
import io.virtualimage.disk.wrapper.UnpackedStream;
import io.virtualimage.disk.wrapper.Wrapper;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.SourceFollower;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Compression;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * Unpacks a compressed source in one pass, while it comes. The same source unpacks to the same segments, so one that
 * begins again stages only what is not there yet.
 */
final class SourceUnpacking {
    /** To unpack again what was unpacked is worth some waiting. */
    private static final SourceFollower.Patience PATIENCE =
            new SourceFollower.Patience(32L << 20, Duration.ofMinutes(5));

    /** So many runs of zeros make the records that tell of them too long. */
    private static final int MAX_ZERO_RUNS = 10_000;

    private SourceUnpacking() {}

    static void run(ConvertPorts ports, Task.UnpackSource task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        context.checkpoint();
        long length = ImageReading.of(() -> {
            try (SourceFollower follower = new SourceFollower(
                            task.image(),
                            task.staged(),
                            task.follow(),
                            ports.feeds(),
                            context,
                            facts -> false,
                            PATIENCE);
                    InputStream plain = open(ports, task, follower, context)) {
                return unpack(ports, task, context, plain);
            }
        });
        context.announce(new Event.SourceUnpacked(task.image(), task.epoch(), length));
    }

    /** A source that is there is unpacked by several threads, if it is made for that; one that is still coming, by one. */
    private static InputStream open(
            ConvertPorts ports, Task.UnpackSource task, SourceFollower follower, TaskContext context)
            throws IOException {
        Wrapper wrapper = wrapper(task.compression());
        int threads = ports.unpackThreads();
        if (wrapper == Wrapper.XZ && threads > 1 && task.staged().complete()) {
            StagedBytes source = new StagedBytes(
                    ports.staging(), task.image(), SegmentKind.SOURCE, task.staged(), 1 + threads, context);
            return UnpackedStream.of(source, wrapper, ports.unpackLimits(), threads);
        }
        return UnpackedStream.of(
                new FollowedSource(ports.staging(), task, follower, context), wrapper, ports.unpackLimits());
    }

    private static long unpack(ConvertPorts ports, Task.UnpackSource task, TaskContext context, InputStream plain)
            throws IOException, DiskException, TaskAbandonedException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        ConvertedSegments segments = new ConvertedSegments(ports.staging(), task, SegmentKind.PLAIN, context);
        byte[] segment = new byte[task.plain().segmentBytes()];
        long done = 0;
        int zeroRuns = 0;
        boolean zeroBefore = false;
        int length = plain.readNBytes(segment, 0, segment.length);
        if (length == 0) {
            throw new NotAnImageException(task.compression().wireName() + ": nothing is packed in it");
        }
        for (int index = 0; length > 0; index++) {
            context.checkpoint();
            boolean zero = task.plain().present().contains(index)
                    ? task.plain().zeros().contains(index)
                    : segments.stage(index, length, new ByteArrayInputStream(segment, 0, length));
            zeroRuns += zero && !zeroBefore ? 1 : 0;
            zeroBefore = zero;
            if (zeroRuns > MAX_ZERO_RUNS) {
                throw new DiskLimitException(
                        done,
                        "%s: more than %d runs of zeros among the unpacked bytes"
                                .formatted(task.compression().wireName(), MAX_ZERO_RUNS));
            }
            done += length;
            context.progress(done);
            length = length == segment.length ? plain.readNBytes(segment, 0, segment.length) : 0;
        }
        return done;
    }

    private static Wrapper wrapper(Compression compression) {
        return switch (compression) {
            case GZIP -> Wrapper.GZIP;
            case XZ -> Wrapper.XZ;
            case ZSTD -> Wrapper.ZSTD;
        };
    }

    /** The source's bytes in order; waits for those that are still to come. */
    private static final class FollowedSource extends InputStream {
        private final StagingStore staging;
        private final Task.UnpackSource task;
        private final SourceFollower follower;
        private final TaskContext context;
        private byte[] segment = new byte[0];
        private int position;
        private int next;
        private long doneBytes;

        FollowedSource(StagingStore staging, Task.UnpackSource task, SourceFollower follower, TaskContext context) {
            this.staging = staging;
            this.task = task;
            this.follower = follower;
            this.context = context;
        }

        @Override
        public int read() throws IOException {
            return fill() ? segment[position++] & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!fill()) {
                return -1;
            }
            int count = Math.min(length, segment.length - position);
            System.arraycopy(segment, position, target, offset, count);
            position += count;
            return count;
        }

        private boolean fill() throws IOException {
            try {
                context.checkpoint();
                while (position == segment.length) {
                    if (!follower.await(next, doneBytes)) {
                        return false;
                    }
                    segment = segment(next);
                    doneBytes += segment.length;
                    position = 0;
                    next++;
                }
                return true;
            } catch (TaskDeferredException
                    | TaskAbandonedException
                    | SegmentLostException
                    | StagingUnavailableException
                    | InterruptedException e) {
                throw new HaltedException(e);
            }
        }

        private byte[] segment(int index)
                throws SegmentLostException, StagingUnavailableException, InterruptedException {
            StagedSource staged = follower.staged();
            int length = staged.lengthBytes() == null
                    ? staged.segmentBytes()
                    : staged.layout().lengthOf(index);
            if (staged.zeros().contains(index)) {
                return new byte[length];
            }
            return staging.read(SegmentKey.source(task.image(), task.epoch(), index), staged.sessionOf(index), length);
        }
    }
}
