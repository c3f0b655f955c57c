package io.virtualimage.fetcher.upload;

import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.SegmentFeed;
import java.time.Clock;

/**
 * What uploads stand on.
 *
 * @param worker name of this replica
 */
record UploadPorts(
        StagingStore staging, Announcer announcer, SegmentFeed.Histories histories, Clock clock, String worker) {}
