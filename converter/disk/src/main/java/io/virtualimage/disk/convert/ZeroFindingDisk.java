package io.virtualimage.disk.convert;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A disk whose source is read to know where it is zero: of data, no more than their first block. For one thread.
 */
final class ZeroFindingDisk implements VirtualDisk {
    private static final int CHUNK_BYTES = 64 << 10;

    private final VirtualDisk disk;
    private final ByteSource source;

    ZeroFindingDisk(VirtualDisk disk) {
        this.disk = disk;
        this.source = new ZeroFindingSource(disk.source());
    }

    @Override
    public DiskInfo info() {
        return disk.info();
    }

    @Override
    public ByteSource source() {
        return source;
    }

    @Override
    public Extent extentAt(long offset) throws IOException, DiskException {
        return disk.extentAt(offset);
    }

    private static final class ZeroFindingSource implements ByteSource {
        private final ByteSource source;
        private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
        private final MemorySegment bytes = MemorySegment.ofBuffer(chunk);

        ZeroFindingSource(ByteSource source) {
            this.source = source;
        }

        @Override
        public long lengthBytes() {
            return source.lengthBytes();
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            source.read(offset, target);
        }

        @Override
        public long knownZeroBytes(long offset, long maxBytes) throws IOException {
            long position = offset;
            long end = offset + Math.min(maxBytes, lengthBytes() - offset);
            int count = ZeroScan.BLOCK_BYTES;
            while (position < end) {
                long known = source.knownZeroBytes(position, end - position);
                if (known == 0) {
                    int read = (int) Math.min(count, end - position);
                    source.read(position, chunk.clear().limit(read));
                    known = ZeroScan.endOfZeros(bytes, 0, read);
                    if (known < read) {
                        return position + known - offset;
                    }
                    count = CHUNK_BYTES;
                }
                position += known;
            }
            return Math.max(0, position - offset);
        }
    }
}
