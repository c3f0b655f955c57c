/**
 * Reading a volume and sending its segments to a fetcher.
 *
 * <p>May depend on {@code link} and the JDK.
 */
@NullMarked
package io.virtualimage.volume.read;

import org.jspecify.annotations.NullMarked;
