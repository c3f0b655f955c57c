/**
 * Images that are the disk itself. May depend on {@code io.virtualimage.disk} and on nothing else.
 */
@NullMarked
package io.virtualimage.disk.raw;

import org.jspecify.annotations.NullMarked;
