/**
 * Finds out what an image is. May depend on {@code io.virtualimage.disk} and on the packages of the formats; nothing
 * but callers of the library depends on it.
 */
@NullMarked
package io.virtualimage.disk.inspect;

import org.jspecify.annotations.NullMarked;
