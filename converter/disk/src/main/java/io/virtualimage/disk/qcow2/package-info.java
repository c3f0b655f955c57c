/**
 * QEMU's qcow2, versions 2 and 3: constants of the format, its header, its map, and a writer. May depend on {@code
 * io.virtualimage.disk}, {@code content} and {@code recipe}.
 */
@NullMarked
package io.virtualimage.disk.qcow2;

import org.jspecify.annotations.NullMarked;
