package io.virtualimage.converter;

import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.wrapper.UnpackLimits;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.work.SegmentFeed;

/**
 * What a converter stands on.
 *
 * @param limits what reading a disk may cost
 * @param unpackLimits how much a compressed source may become; no output may be longer either
 */
public record ConvertPorts(
        StagingStore staging, SegmentFeed.Feeds feeds, ReadLimits limits, UnpackLimits unpackLimits) {
    /** With everything that may be set as it is by default. */
    public static ConvertPorts of(StagingStore staging, SegmentFeed.Feeds feeds) {
        return new ConvertPorts(staging, feeds, ReadLimits.DEFAULT, UnpackLimits.DEFAULT);
    }
}
