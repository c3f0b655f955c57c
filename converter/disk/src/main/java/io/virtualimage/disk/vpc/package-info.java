/**
 * Virtual PC's disks (VHD), fixed and dynamic: constants of the format, footer, dynamic header and block table. May
 * depend on {@code io.virtualimage.disk} and on nothing else.
 */
@NullMarked
package io.virtualimage.disk.vpc;

import org.jspecify.annotations.NullMarked;
