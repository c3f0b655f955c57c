package io.virtualimage.disk.fuzz;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.codec.UnitDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The decoder of clusters and grains. The first two bytes of an input say how long the unit is; the stream follows. */
record UnitSubject(PackedUnit.Codec codec) implements Subject {
    private static final int LENGTH_BYTES = 2;
    private static final int SEED_PLAIN_BYTES = 4096;

    @Override
    public void read(byte[] input) throws IOException, DiskException {
        int packedBytes = input.length - LENGTH_BYTES;
        if (packedBytes < 1) {
            return;
        }
        int plainBytes = 1 + (ByteBuffer.wrap(input).getShort() & 0xffff);
        PackedUnit unit = new PackedUnit(codec, LENGTH_BYTES, packedBytes, plainBytes);
        ByteBuffer once = ByteBuffer.allocate(plainBytes);
        ByteBuffer twice = ByteBuffer.allocate(plainBytes);
        try (UnitDecoder decoder = new UnitDecoder()) {
            MemoryByteSource source = new MemoryByteSource(input);
            decoder.decode(source, unit, once);
            // Nothing that the first has left behind may show in the second.
            decoder.decode(source, unit, twice);
        }
        if (once.hasRemaining() || twice.hasRemaining() || !once.flip().equals(twice.flip())) {
            throw new AssertionError("unpacked twice, a unit of %d bytes is not the same".formatted(plainBytes));
        }
    }

    @Override
    public void writeFile(byte[] input, Path file) throws IOException {
        Files.write(file, Arrays.copyOfRange(input, Math.min(LENGTH_BYTES, input.length), input.length));
    }

    @Override
    public byte[] inputOf(Path file) throws IOException {
        byte[] stream = Files.readAllBytes(file);
        return ByteBuffer.allocate(LENGTH_BYTES + stream.length)
                .putShort((short) (SEED_PLAIN_BYTES - 1))
                .put(stream)
                .array();
    }
}
