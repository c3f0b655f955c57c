package io.virtualimage.converter;

import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.wrapper.UnpackLimits;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.work.SegmentFeed;

/**
 * What a converter stands on.
 *
 * @param limits what reading a disk may cost
 * @param maxDiskBytes a disk that is larger is refused: going through its map would take too long
 * @param unpackLimits how much a compressed source may become; no output may be longer either
 * @param unpackThreads how many threads unpack one source, where it is made for that
 */
public record ConvertPorts(
        StagingStore staging,
        SegmentFeed.Feeds feeds,
        ReadLimits limits,
        long maxDiskBytes,
        UnpackLimits unpackLimits,
        int unpackThreads) {
    public static final long DEFAULT_MAX_DISK_BYTES = 64L << 40;

    /** With everything that may be set as it is by default, on one thread. */
    public static ConvertPorts of(StagingStore staging, SegmentFeed.Feeds feeds) {
        return new ConvertPorts(staging, feeds, ReadLimits.DEFAULT, DEFAULT_MAX_DISK_BYTES, UnpackLimits.DEFAULT, 1);
    }
}
