/**
 * Writes disks into files of another format, on several threads. May depend on {@code io.virtualimage.disk}, {@code
 * codec}, {@code content} and what lays out the formats that it writes.
 */
@NullMarked
package io.virtualimage.disk.convert;

import org.jspecify.annotations.NullMarked;
