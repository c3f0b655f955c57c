/**
 * VirtualBox's VDI, version 1.1: constants of the format, its header and its block map. May depend on {@code
 * io.virtualimage.disk} and on nothing else.
 */
@NullMarked
package io.virtualimage.disk.vdi;

import org.jspecify.annotations.NullMarked;
