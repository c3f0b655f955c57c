package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is inside a wrapper, from the first byte to the last. Every check that the file has is made on the way, so bytes
 * that were read may turn out to be damaged later: they are good only once the end was reached. For one thread.
 *
 * <p>Reading throws {@link BadContentException}, now and whenever it is tried again, because of a {@link
 * MalformedDiskException} if the file is damaged or cut short, {@link DiskLimitException} if it is over one of {@link
 * UnpackLimits}, {@link UnsupportedDiskException} if it uses what is not known here. Offsets are in bytes of the
 * wrapper's file. An {@link IOException} of the source comes through as it is, and again whenever this is read again.
 */
public final class UnpackedStream extends InputStream {
    private final Unpacker unpacker;
    private final PlainAccount account;
    private final byte[] single = new byte[1];
    private @Nullable IOException failure;

    private UnpackedStream(Unpacker unpacker, Wrapper wrapper, UnpackLimits limits) {
        this.unpacker = unpacker;
        this.account = new PlainAccount(formatName(wrapper), limits);
    }

    /** @param packed is read ahead, and is closed with this stream */
    public static UnpackedStream of(InputStream packed, Wrapper wrapper, UnpackLimits limits) {
        return new UnpackedStream(unpacker(packed, wrapper, limits), wrapper, limits);
    }

    /**
     * As {@link #of(InputStream, Wrapper, UnpackLimits)}; but an xz file of several blocks, such as {@code xz -T} writes,
     * is unpacked by several threads. They end when this stream is closed, which must not be left out.
     *
     * @param packed must be fit for use by several threads; is not closed
     * @param workers how many threads there are at most; fewer if the memory that is allowed is not enough for so many
     * @throws IOException as the source gives it
     */
    public static UnpackedStream of(ByteSource packed, Wrapper wrapper, UnpackLimits limits, int workers)
            throws IOException {
        Unpacker parallel = wrapper == Wrapper.XZ && workers > 1
                ? XzBlocksUnpacker.open(packed, limits.maxXzMemoryBytes(), workers)
                : null;
        return parallel == null
                ? of(new SourceStream(packed), wrapper, limits)
                : new UnpackedStream(parallel, wrapper, limits);
    }

    private static Unpacker unpacker(InputStream packed, Wrapper wrapper, UnpackLimits limits) {
        return switch (wrapper) {
            case GZIP -> new GzipUnpacker(packed);
            case XZ -> new XzUnpacker(packed, limits.maxXzMemoryBytes());
            case ZSTD -> new ZstdUnpacker(packed, limits.maxZstdWindowBytes());
        };
    }

    /** What messages begin with. */
    private static String formatName(Wrapper wrapper) {
        return switch (wrapper) {
            case GZIP -> "gzip";
            case XZ -> "xz";
            case ZSTD -> "zstd";
        };
    }

    /** How many bytes of the file went into what was read, about: some are read ahead. For progress. */
    public long packedBytes() {
        return unpacker.packedBytes();
    }

    @Override
    public int read() throws IOException {
        return read(single, 0, 1) < 0 ? -1 : single[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, target.length);
        if (failure != null) {
            throw failure;
        }
        if (count == 0) {
            return 0;
        }
        try {
            int got = unpacker.read(target, offset, count);
            if (got > 0) {
                account.add(target, offset, got, unpacker.packedBytes());
            }
            return got;
        } catch (DiskException e) {
            failure = new BadContentException(e);
            throw failure;
        } catch (IOException e) {
            // What was half read can't be taken up again.
            failure = e;
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        unpacker.close();
    }
}
