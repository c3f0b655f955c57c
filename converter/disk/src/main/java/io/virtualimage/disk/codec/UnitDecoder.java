package io.virtualimage.disk.codec;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.zstd.ZstdUnitDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Unpacks units. Keeps its buffers for the next one, so it is for one thread, and has to be closed: inflaters hold memory
 * outside the heap.
 */
public final class UnitDecoder implements AutoCloseable {
    private final Inflater deflate = new Inflater(true);
    private final Inflater zlib = new Inflater(false);
    private final ZstdUnitDecoder zstd = new ZstdUnitDecoder();
    private final byte[] ignored = new byte[4096];
    private ByteBuffer packed = ByteBuffer.allocate(128 << 10);

    /**
     * Unpacks a unit.
     *
     * @param plain gets {@link PackedUnit#plainBytes} bytes from its position on
     * @throws MalformedDiskException if the stream is damaged or ends early
     * @throws DiskException if it is of a kind that is not supported, or over a limit
     * @throws IOException as the source gives it
     */
    public void decode(ByteSource source, PackedUnit unit, ByteBuffer plain) throws IOException, DiskException {
        if (packed.capacity() < unit.packedBytes()) {
            packed = ByteBuffer.allocate(unit.packedBytes());
        }
        packed.clear().limit(unit.packedBytes());
        source.read(unit.sourceOffset(), packed);
        packed.flip();
        int limit = plain.limit();
        plain.limit(plain.position() + unit.plainBytes());
        switch (unit.codec()) {
            case DEFLATE -> inflate(deflate, unit, plain);
            case ZLIB -> {
                inflate(zlib, unit, plain);
                checkEnd(unit);
            }
            case ZSTD -> zstd.decode(packed, unit.sourceOffset(), plain);
        }
        plain.limit(limit);
    }

    private void inflate(Inflater inflater, PackedUnit unit, ByteBuffer plain) throws MalformedDiskException {
        inflater.reset();
        inflater.setInput(packed);
        try {
            while (plain.hasRemaining() && inflater.inflate(plain) > 0) {
                // Until it is full, or nothing more comes.
            }
        } catch (DataFormatException e) {
            throw new MalformedDiskException(
                    unit.sourceOffset(), name(unit) + ": the compressed data are damaged: " + e.getMessage());
        }
        if (plain.hasRemaining()) {
            throw new MalformedDiskException(
                    unit.sourceOffset(),
                    "%s: the compressed data end %d bytes before the cluster or grain of %d bytes does"
                            .formatted(name(unit), plain.remaining(), unit.plainBytes()));
        }
    }

    /** Inflates what is left of the stream, though nobody wants it: behind it is the checksum of all. */
    private void checkEnd(PackedUnit unit) throws MalformedDiskException {
        int room = PackedUnit.MAX_BYTES;
        try {
            while (!zlib.finished() && room > 0) {
                int count = zlib.inflate(ignored);
                if (count == 0 && !zlib.finished()) {
                    break;
                }
                room -= count;
            }
        } catch (DataFormatException e) {
            throw new MalformedDiskException(
                    unit.sourceOffset(), name(unit) + ": the compressed data are damaged: " + e.getMessage());
        }
        if (!zlib.finished()) {
            throw new MalformedDiskException(
                    unit.sourceOffset(),
                    name(unit) + ": the compressed data do not end where the cluster or grain does");
        }
    }

    /** What messages begin with. */
    private static String name(PackedUnit unit) {
        return unit.codec().name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void close() {
        deflate.end();
        zlib.end();
    }
}
