package io.virtualimage.disk;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;

/**
 * A disk that no format made: runs of all kinds, in an image file of its own, and the bytes that a guest must see, which
 * are known from how it was made and not from reading it.
 */
public final class SyntheticDisk implements VirtualDisk {
    private static final int SECTOR = DiskInfo.SECTOR_BYTES;
    /** What the image knows of its zeros. */
    private static final int ZERO_BLOCK_BYTES = 4096;

    private final List<Extent> extents;
    private final ByteSource source;
    private final byte[] content;

    private SyntheticDisk(List<Extent> extents, ByteSource source, byte[] content) {
        this.extents = extents;
        this.source = source;
        this.content = content;
    }

    /**
     * Makes one: the same arguments give the same disk.
     *
     * @param grainBytes runs are up to some grains long, and sometimes any number of sectors; a multiple of 512
     * @param sectors size of the disk
     */
    public static SyntheticDisk random(long seed, int grainBytes, int sectors) {
        return new Maker(new Random(seed), grainBytes, sectors).make();
    }

    private static final class Maker {
        private final Random random;
        private final int grainBytes;
        private final byte[] content;
        private final List<Extent> extents = new ArrayList<>();
        private final ByteArrayOutputStream image = new ByteArrayOutputStream();

        Maker(Random random, int grainBytes, int sectors) {
            this.random = random;
            this.grainBytes = grainBytes;
            this.content = new byte[sectors * SECTOR];
        }

        SyntheticDisk make() {
            image.writeBytes(bytes(random.nextInt(3) * SECTOR));
            int position = 0;
            while (position < content.length) {
                int wanted = random.nextInt(5) == 0
                        ? (1 + random.nextInt(2 * grainBytes / SECTOR)) * SECTOR
                        : (1 + random.nextInt(4)) * grainBytes;
                int length = Math.min(wanted, content.length - position);
                add(position, length);
                position += length;
            }
            return new SyntheticDisk(extents, new KnowingSource(image.toByteArray()), content);
        }

        private void add(int offset, int length) {
            switch (random.nextInt(7)) {
                case 0, 1 -> extents.add(new Extent.Zero(offset, length, random.nextBoolean()));
                case 2 -> {
                    // Zeros that are stored as such.
                    alignSometimes();
                    extents.add(new Extent.Data(offset, length, image.size()));
                    image.writeBytes(new byte[length]);
                }
                case 3, 4 -> {
                    if (random.nextInt(3) == 0) {
                        image.writeBytes(bytes(SECTOR));
                    }
                    byte[] bytes = bytes(length);
                    see(offset, bytes, 0, length);
                    extents.add(new Extent.Data(offset, length, image.size()));
                    image.writeBytes(bytes);
                }
                case 5 -> {
                    Extent again = extents.isEmpty() ? null : extents.get(random.nextInt(extents.size()));
                    if (again instanceof Extent.Zero || again == null) {
                        extents.add(new Extent.Zero(offset, length, false));
                    } else {
                        addAgain(offset, length, again);
                    }
                }
                default -> addPacked(offset, length);
            }
        }

        private void addAgain(int offset, int length, Extent again) {
            int count = (int) Math.min(length, again.lengthBytes());
            System.arraycopy(content, (int) again.offset(), content, offset, count);
            extents.add(
                    switch (again) {
                        case Extent.Data data -> new Extent.Data(offset, count, data.sourceOffset());
                        case Extent.Packed packed ->
                            new Extent.Packed(offset, count, packed.unit(), packed.unitOffset());
                        case Extent.Zero ignored -> throw new AssertionError();
                    });
            if (count < length) {
                extents.add(new Extent.Zero(offset + count, length - count, false));
            }
        }

        private void addPacked(int offset, int length) {
            int position = 0;
            while (position < length) {
                int before = random.nextInt(4) == 0 ? SECTOR : 0;
                int count = Math.min(length - position, grainBytes);
                byte[] plain = bytes(before + count);
                Arrays.fill(plain, 0, plain.length / 2, (byte) 7);
                PackedUnit.Codec codec = random.nextBoolean() ? PackedUnit.Codec.DEFLATE : PackedUnit.Codec.ZLIB;
                byte[] packed = pack(plain, codec);
                PackedUnit unit = new PackedUnit(codec, image.size(), packed.length, plain.length);
                image.writeBytes(packed);
                see(offset + position, plain, before, count);
                int cut = count > SECTOR && random.nextInt(3) == 0 ? SECTOR : count;
                extents.add(new Extent.Packed(offset + position, cut, unit, before));
                if (cut < count) {
                    extents.add(new Extent.Packed(offset + position + cut, count - cut, unit, before + cut));
                }
                position += count;
            }
        }

        private void alignSometimes() {
            if (random.nextBoolean()) {
                image.writeBytes(bytes(Math.floorMod(-image.size(), ZERO_BLOCK_BYTES)));
            }
        }

        private void see(int offset, byte[] bytes, int from, int count) {
            System.arraycopy(bytes, from, content, offset, count);
        }

        private byte[] bytes(int length) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            return bytes;
        }

        private static byte[] pack(byte[] plain, PackedUnit.Codec codec) {
            try (Deflater deflater = new Deflater(1, codec == PackedUnit.Codec.DEFLATE)) {
                deflater.setInput(plain);
                deflater.finish();
                byte[] packed = new byte[plain.length + 1024];
                int length = deflater.deflate(packed);
                return Arrays.copyOf(packed, length);
            }
        }
    }

    /** Knows which whole blocks of it are zeros. */
    private static final class KnowingSource implements ByteSource {
        private final byte[] bytes;
        private final MemoryByteSource source;

        KnowingSource(byte[] bytes) {
            this.bytes = bytes;
            this.source = new MemoryByteSource(bytes);
        }

        @Override
        public long lengthBytes() {
            return bytes.length;
        }

        @Override
        public void read(long offset, ByteBuffer target) throws EOFException {
            source.read(offset, target);
        }

        @Override
        public long knownZeroBytes(long offset, long maxBytes) {
            long end = offset;
            while (end < offset + maxBytes && end < bytes.length && isZeroBlock((int) (end / ZERO_BLOCK_BYTES))) {
                end = (end / ZERO_BLOCK_BYTES + 1) * ZERO_BLOCK_BYTES;
            }
            return Math.min(Math.min(end, bytes.length) - offset, maxBytes);
        }

        private boolean isZeroBlock(int block) {
            int end = Math.min(bytes.length, (block + 1) * ZERO_BLOCK_BYTES);
            for (int i = block * ZERO_BLOCK_BYTES; i < end; i++) {
                if (bytes[i] != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    /** What a guest sees. */
    public byte[] content() {
        return content;
    }

    @Override
    public DiskInfo info() {
        return new DiskInfo(DiskFormat.RAW, content.length, false);
    }

    @Override
    public ByteSource source() {
        return source;
    }

    @Override
    public Extent extentAt(long offset) {
        int low = 0;
        int high = extents.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) / 2;
            if (extents.get(middle).offset() <= offset) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Extent extent = extents.get(low);
        return offset == extent.offset() ? extent : extent.from(offset);
    }
}
