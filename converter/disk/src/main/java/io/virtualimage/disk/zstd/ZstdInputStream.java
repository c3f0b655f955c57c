package io.virtualimage.disk.zstd;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a stream of frames unpacks to: at least one frame, and nothing but frames up to the end. Sizes and checksums are
 * verified as they are met, so what was read before may turn out to be damaged later. Needs as much memory as the largest
 * window that is met, and about 700 KiB.
 *
 * <p>Throws {@link BadContentException}, now and whenever it is read again, because of a {@link MalformedDiskException}
 * if the frames are damaged or cut short, {@link DiskLimitException} if a window is over the limit, {@link
 * UnsupportedDiskException} if a dictionary is needed, or another version of the format. Offsets are in bytes of the
 * compressed stream. An {@link IOException} of that stream comes through as it is, and again whenever this is read again.
 */
public final class ZstdInputStream extends InputStream {
    private final InputStream packed;
    private final FrameDecoder frames;
    private @Nullable IOException failure;
    private int from;
    private int left;
    private boolean ended;

    /**
     * @param packed is read ahead by up to 256 KiB, and is closed with this stream
     * @param maxWindowBytes frames with a larger window are refused; at most 1 GiB
     */
    public ZstdInputStream(InputStream packed, int maxWindowBytes) {
        if (maxWindowBytes < 1 || maxWindowBytes > 1 << 30) {
            throw new IllegalArgumentException("a window of 1 byte to 1 GiB, not of " + maxWindowBytes);
        }
        this.packed = packed;
        this.frames = new FrameDecoder(new PackedInput(packed), maxWindowBytes);
    }

    @Override
    public int read() throws IOException {
        if (!fill()) {
            return -1;
        }
        left--;
        return frames.bytes()[from++] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, target.length);
        if (count == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int some = Math.min(count, left);
        System.arraycopy(frames.bytes(), from, target, offset, some);
        from += some;
        left -= some;
        return some;
    }

    @Override
    public int available() {
        return left;
    }

    private boolean fill() throws IOException {
        if (failure != null) {
            throw failure;
        }
        if (left == 0 && !ended) {
            try {
                ended = !frames.next();
            } catch (DiskException e) {
                failure = new BadContentException(e);
                throw failure;
            } catch (IOException e) {
                // What was half read can't be taken up again.
                failure = e;
                throw e;
            }
            from = frames.from();
            left = frames.length();
        }
        return !ended;
    }

    @Override
    public void close() throws IOException {
        packed.close();
    }
}
