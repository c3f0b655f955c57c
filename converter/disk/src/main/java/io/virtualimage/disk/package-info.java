/**
 * Virtual disk formats over any random-access byte source. Depends on the JDK, and for xz on {@code org.tukaani.xz}.
 *
 * <p>This package holds the words that all formats share: {@link io.virtualimage.disk.ByteSource}, {@link
 * io.virtualimage.disk.DiskInfo} and the failures. It depends on none of its subpackages; each format has one of its
 * own ({@code qcow2}, {@code iso}), {@code zstd} decodes what the JDK can't, {@code wrapper} unpacks compressed files
 * around images, {@code inspect} looks at all formats, {@code sample} makes images for tests.
 *
 * <p>Every byte that is read here may come from an attacker. So each length and offset is checked against the file
 * before it is used, memory is bounded by a constant and not by a field of the file, no other file is ever opened, and
 * whatever is wrong with the input ends in a {@link io.virtualimage.disk.DiskException}.
 */
@NullMarked
package io.virtualimage.disk;

import org.jspecify.annotations.NullMarked;
