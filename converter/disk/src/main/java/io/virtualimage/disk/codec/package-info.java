/**
 * Unpacks clusters and grains that are compressed on their own. May depend on {@code io.virtualimage.disk} and on
 * decompressors.
 */
@NullMarked
package io.virtualimage.disk.codec;

import org.jspecify.annotations.NullMarked;
