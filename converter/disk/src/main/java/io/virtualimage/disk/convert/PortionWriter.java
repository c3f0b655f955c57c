package io.virtualimage.disk.convert;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** What each of the threads does: brings portions into memory, and writes of them what is not zero. */
final class PortionWriter implements Workers.Work {
    private final Portions portions;
    private final ByteSource source;
    private final FileChannel target;

    PortionWriter(Portions portions, ByteSource source, FileChannel target) {
        this.portions = portions;
        this.source = source;
        this.target = target;
    }

    @Override
    public void run() throws IOException, DiskException {
        try (PortionReader reader = new PortionReader(source)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(Portion.MAX_BYTES);
            for (Portion portion = portions.next(); portion != null; portion = portions.next()) {
                if (buffer.capacity() < portion.lengthBytes()) {
                    buffer = ByteBuffer.allocateDirect(portion.lengthBytes());
                }
                reader.read(portion, buffer.clear());
                writeSparsely(buffer.flip(), portion.offset());
            }
        }
    }

    private void writeSparsely(ByteBuffer buffer, long offset) throws IOException {
        MemorySegment bytes = MemorySegment.ofBuffer(buffer);
        int end = buffer.limit();
        int position = 0;
        while (position < end) {
            int from = ZeroScan.endOfZeros(bytes, position, end);
            position = ZeroScan.endOfData(bytes, from, end);
            buffer.limit(position).position(from);
            while (buffer.hasRemaining()) {
                target.write(buffer, offset + buffer.position());
            }
        }
    }
}
