/**
 * Fills the volume in the Pod with a disk, range by range, as a publisher says it. What was written is forced to the volume and
 * read back before it is said to be there.
 *
 * <p>May depend on {@code volume.link} and the JDK.
 */
@NullMarked
package io.virtualimage.volume.fill;

import org.jspecify.annotations.NullMarked;
