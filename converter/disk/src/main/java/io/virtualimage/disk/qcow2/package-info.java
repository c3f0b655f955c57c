/**
 * QEMU's qcow2, versions 2 and 3: constants of the format, its header, its map. May depend on {@code io.virtualimage.disk}
 * and on nothing else.
 */
@NullMarked
package io.virtualimage.disk.qcow2;

import org.jspecify.annotations.NullMarked;
