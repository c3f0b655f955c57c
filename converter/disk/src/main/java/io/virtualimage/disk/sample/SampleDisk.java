package io.virtualimage.disk.sample;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import java.io.EOFException;
import java.nio.ByteBuffer;

/** A sample disk as one that was opened; its data are made as they are read. For one thread. */
final class SampleDisk implements VirtualDisk {
    private static final int CLUSTER_BYTES = SampleLayout.CLUSTER_BYTES;

    private final SampleLayout layout;
    private final ByteSource source;

    SampleDisk(SampleLayout layout, long seed) {
        this.layout = layout;
        this.source = new Data(layout.virtualSizeBytes(), seed);
    }

    @Override
    public DiskInfo info() {
        return new DiskInfo(DiskFormat.RAW, layout.virtualSizeBytes(), false);
    }

    @Override
    public ByteSource source() {
        return source;
    }

    @Override
    public Extent extentAt(long offset) {
        long cluster = offset / CLUSTER_BYTES;
        long index = layout.firstFrom(cluster);
        if (index == layout.dataClusters() || layout.guestCluster(index) > cluster) {
            long end = index == layout.dataClusters()
                    ? layout.virtualSizeBytes()
                    : layout.guestCluster(index) * CLUSTER_BYTES;
            return new Extent.Zero(offset, end - offset, false);
        }
        long end = Math.min(layout.virtualSizeBytes(), (cluster + 1) * CLUSTER_BYTES);
        return new Extent.Data(offset, end - offset, offset);
    }

    /** What the disk would have if there were data everywhere. */
    private static final class Data implements ByteSource {
        private final long lengthBytes;
        private final long seed;
        private final byte[] cluster = new byte[CLUSTER_BYTES];

        Data(long lengthBytes, long seed) {
            this.lengthBytes = lengthBytes;
            this.seed = seed;
        }

        @Override
        public long lengthBytes() {
            return lengthBytes;
        }

        @Override
        public void read(long offset, ByteBuffer target) throws EOFException {
            checkRange(offset, target.remaining());
            long position = offset;
            while (target.hasRemaining()) {
                SampleData.fillDiskCluster(seed, position / CLUSTER_BYTES, cluster);
                int within = (int) (position % CLUSTER_BYTES);
                int count = Math.min(target.remaining(), CLUSTER_BYTES - within);
                target.put(cluster, within, count);
                position += count;
            }
        }
    }
}
