package io.virtualimage.converter;

import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.wrapper.UnpackLimits;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.topics.WorkGroup;

/** The converter as a service. */
public final class Converter {
    private Converter() {}

    /**
     * Starts the planner and the workers; returns at once. Settings:
     *
     * <ul>
     *   <li>{@code WORKERS}, {@code STREAM_WORKERS}: short tasks and long ones at a time (default 4 and 2)
     *   <li>{@code MAX_UNPACKED_SIZE}: bytes that a compressed source, or a rewritten disk, may become (default {@code 2Ti})
     *   <li>{@code MAX_UNPACKED_RATIO}: how many times as many bytes a compressed source may become, blocks of zeros not
     *       counted (default 200)
     *   <li>{@code MAX_DISK_SIZE}: a disk that is larger, as a guest sees it, is refused (default {@code 64Ti})
     *   <li>{@code UNPACK_MEMORY}: memory of each task for the dictionary of xz or the window of zstd, in bytes (default
     *       {@code 80Mi}); {@code UNPACK_THREADS}: how many threads unpack one xz file of several blocks (default: as many
     *       as there are processors, but at most 4)
     *   <li>{@code TABLE_CACHE}: memory of each task for the tables of a disk (default {@code 4Mi})
     * </ul>
     *
     * @throws IllegalStateException if a setting is missing or malformed
     */
    public static void start(StageRuntime runtime, Settings settings) {
        int workers = settings.number("WORKERS", 4, 1, 200);
        int streamWorkers = settings.number("STREAM_WORKERS", 2, 1, 200);
        long maxBytes = settings.bytes("MAX_UNPACKED_SIZE", UnpackLimits.DEFAULT.maxPlainBytes(), 1, Long.MAX_VALUE);
        int maxRatio = settings.number("MAX_UNPACKED_RATIO", UnpackLimits.DEFAULT.maxRatio(), 1, 1_000_000);
        long maxDiskBytes = settings.bytes("MAX_DISK_SIZE", ConvertPorts.DEFAULT_MAX_DISK_BYTES, 512, Long.MAX_VALUE);
        int cacheBytes = (int) settings.bytes("TABLE_CACHE", ReadLimits.DEFAULT.tableCacheBytes(), 64 << 10, 1 << 30);
        int memoryBytes =
                (int) settings.bytes("UNPACK_MEMORY", UnpackLimits.DEFAULT.maxXzMemoryBytes(), 1 << 20, 1 << 30);
        int threads = settings.number(
                "UNPACK_THREADS", Math.min(4, Runtime.getRuntime().availableProcessors()), 1, 64);
        settings.check();
        ConvertWorker worker = new ConvertWorker(new ConvertPorts(
                runtime.staging(),
                runtime.feeds(),
                new ReadLimits(cacheBytes),
                maxDiskBytes,
                new UnpackLimits(maxBytes, maxRatio, memoryBytes, memoryBytes),
                threads));
        runtime.host(new ConvertFold());
        runtime.work(WorkGroup.CONVERT_TASKS, workers, worker);
        runtime.work(WorkGroup.CONVERT_STREAMS, streamWorkers, worker);
    }
}
