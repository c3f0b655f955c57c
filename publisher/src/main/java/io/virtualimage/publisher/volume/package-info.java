/**
 * Puts images onto claims. A claim and a Job are made in the image's namespace by
 * {@link io.virtualimage.publisher.volume.VolumeFilling}; the Job's Pod asks the
 * {@link io.virtualimage.publisher.volume.VolumeDoor} of any publisher for what to write. The Pod is given bytes only, with a
 * checksum on each run of them: no credentials, no addresses of the object store, no recipe.
 *
 * <p>May depend on {@code topics}, {@code stage}, {@code k8s}, {@code publisher.content} and
 * {@code publisher.care}, whose {@link io.virtualimage.publisher.care.Place} is
 * {@link io.virtualimage.publisher.volume.ClaimPlace} here.
 */
@NullMarked
package io.virtualimage.publisher.volume;

import org.jspecify.annotations.NullMarked;
