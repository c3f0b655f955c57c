/**
 * Compares the readers and the writer with QEMU on hundreds of images of every format, made at random from a seed:
 * {@code make diff-test}.
 */
@NullMarked
package io.virtualimage.disk.diff;

import org.jspecify.annotations.NullMarked;
