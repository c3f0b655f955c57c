/**
 * Compressed files around disk images: gzip, xz, zstd. Unpacks them as a stream, verifies what they say about their
 * content, and holds limits against what packs well only to do harm. What is inside is not looked at: one layer is
 * unpacked, and if there is another one, whoever inspects the image refuses it.
 *
 * <p>May depend on {@code io.virtualimage.disk}, on {@code io.virtualimage.disk.zstd} and on {@code org.tukaani.xz}.
 */
@NullMarked
package io.virtualimage.disk.wrapper;

import org.jspecify.annotations.NullMarked;
