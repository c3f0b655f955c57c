package io.virtualimage.disk.zstd;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Unpacks what is small and compressed on its own, as clusters are. Keeps its memory for the next unit, of which there
 * is as much as the largest had, so it is for one thread.
 */
public final class ZstdUnitDecoder {
    private final PackedInput input = new PackedInput();
    /** As in QEMU, the window may be large; but no more of it is kept than is wanted. */
    private final FrameDecoder frames = new FrameDecoder(input, ZstdFormat.LONG_WINDOW_BYTES);

    /**
     * Fills {@code plain}, with one frame or several. A frame that would unpack to more is not looked at farther; one that
     * ends with {@code plain} is, its checksum included. What follows it is ignored.
     *
     * @param packed is read up to its limit
     * @param offset of the first of these bytes, in bytes from the start of the image
     * @throws MalformedDiskException if the frames are damaged, or unpack to less
     * @throws UnsupportedDiskException if a dictionary is needed, or another version of the format
     * @throws DiskLimitException if a frame wants a window of more than 128 MiB
     */
    public void decode(ByteBuffer packed, long offset, ByteBuffer plain) throws DiskException {
        int packedBytes = packed.remaining();
        int plainBytes = plain.remaining();
        input.load(packed, offset);
        frames.restart();
        try {
            boolean over = false;
            while (plain.hasRemaining()) {
                if (!frames.next()) {
                    throw new MalformedDiskException(
                            offset + packedBytes,
                            "zstd: the compressed data unpack to %d bytes, not to %d"
                                    .formatted(plainBytes - plain.remaining(), plainBytes));
                }
                int count = Math.min(frames.length(), plain.remaining());
                over = count < frames.length();
                plain.put(frames.bytes(), frames.from(), count);
            }
            if (!over) {
                frames.finish();
            }
        } catch (IOException e) {
            throw new AssertionError("memory can be read", e);
        }
    }
}
