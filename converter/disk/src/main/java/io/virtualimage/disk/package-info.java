/**
 * Virtual disk formats over any random-access byte source. Depends on the JDK, and for xz on {@code org.tukaani.xz}.
 *
 * <p>This package holds the words that all formats share: {@link io.virtualimage.disk.ByteSource}, {@link
 * io.virtualimage.disk.DiskInfo} and the failures. It depends on none of its subpackages; each format has one of its
 * own ({@code raw}, {@code iso}, {@code qcow2}, {@code vmdk}, {@code vdi}, {@code vpc}, {@code vhdx}), and {@code inspect}
 * looks at all of them. {@code zstd} decodes what the JDK can't, {@code codec} unpacks what is compressed inside images,
 * {@code wrapper} compressed files around them. {@code content} tells what a guest sees, {@code recipe} and {@code convert}
 * make another image of it, {@code cli} is the program {@code vdisk}, {@code sample} makes images for tests.
 *
 * <p>Every byte that is read here may come from an attacker. So each length and offset is checked against the file
 * before it is used, memory is bounded by a constant and not by a field of the file, an image's contents never
 * make the library open another file, and whatever is wrong with the input ends in a {@link io.virtualimage.disk.DiskException}.
 */
@NullMarked
package io.virtualimage.disk;

import org.jspecify.annotations.NullMarked;
