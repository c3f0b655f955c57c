/**
 * Images from disks on claims. A task ({@link io.virtualimage.fetcher.volume.VolumeReading}) sees to it that a Job of the
 * image's namespace reads the claim; what the Job's Pod sends comes in at
 * {@link io.virtualimage.fetcher.volume.VolumeEndpoint}, in any replica. The two share nothing but the events: the task is
 * done when the source is complete.
 *
 * <p>May depend on {@code topics}, {@code stage} and {@code k8s}.
 */
@NullMarked
package io.virtualimage.fetcher.volume;

import org.jspecify.annotations.NullMarked;
