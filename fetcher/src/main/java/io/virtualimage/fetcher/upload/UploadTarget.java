package io.virtualimage.fetcher.upload;

import io.virtualimage.topics.Incarnation;
import java.time.Instant;

/**
 * An image that a file may be sent for.
 *
 * @param partition that it is on, on all topics
 * @param since when it was asked for
 */
record UploadTarget(Incarnation image, int partition, Instant since) {}
