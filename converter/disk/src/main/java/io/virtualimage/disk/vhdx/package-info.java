/**
 * Microsoft's VHDX, fixed and dynamic: constants of the format, what its structures say, its log, and the disk. May
 * depend on {@code io.virtualimage.disk} and on nothing else.
 */
@NullMarked
package io.virtualimage.disk.vhdx;

import org.jspecify.annotations.NullMarked;
