/**
 * What a guest sees of an opened disk: runs in order, and bytes at offsets. May depend on {@code io.virtualimage.disk}
 * and {@code io.virtualimage.disk.codec}.
 */
@NullMarked
package io.virtualimage.disk.content;

import org.jspecify.annotations.NullMarked;
