package io.virtualimage.fetcher.volume;

import io.virtualimage.topics.Incarnation;
import java.time.Instant;

/**
 * An image that is to be made from a volume.
 *
 * @param partition that the image is on, of every topic
 * @param since when it was asked for: nothing was said of its source before
 */
public record WantedVolume(Incarnation image, int partition, Instant since) {}
