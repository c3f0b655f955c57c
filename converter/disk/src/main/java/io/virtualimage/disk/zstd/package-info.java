/**
 * A decoder of Zstandard (RFC 8878) in plain Java: whatever the bytes are, no more can happen than an exception. Decodes
 * streams of frames, and single units of memory. May depend on {@code io.virtualimage.disk} and on nothing else.
 */
@NullMarked
package io.virtualimage.disk.zstd;

import org.jspecify.annotations.NullMarked;
