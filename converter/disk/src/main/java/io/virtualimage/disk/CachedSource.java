package io.virtualimage.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A source of which the pages that were read last are kept: for tables, which are asked for a few bytes at a time. For
 * one thread.
 */
public final class CachedSource implements ByteSource {
    private static final int PAGE_BYTES = 32 << 10;

    private final ByteSource source;
    private final Map<Long, ByteBuffer> pages;
    private long lastIndex = -1;
    private ByteBuffer lastPage = ByteBuffer.allocate(0);

    public CachedSource(ByteSource source, ReadLimits limits) {
        this.source = source;
        int kept = Math.max(1, limits.tableCacheBytes() / PAGE_BYTES);
        this.pages = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, ByteBuffer> eldest) {
                return size() > kept;
            }
        };
    }

    @Override
    public long lengthBytes() {
        return source.lengthBytes();
    }

    @Override
    public long knownZeroBytes(long offset, long maxBytes) throws IOException {
        return source.knownZeroBytes(offset, maxBytes);
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        checkRange(offset, target.remaining());
        long position = offset;
        while (target.hasRemaining()) {
            ByteBuffer page = pageAt(position);
            int within = (int) (position % PAGE_BYTES);
            int count = Math.min(target.remaining(), page.limit() - within);
            target.put(target.position(), page, within, count);
            target.position(target.position() + count);
            position += count;
        }
    }

    /** The 8 bytes at {@code offset} as a big-endian number. */
    public long longAt(long offset) throws IOException {
        checkRange(offset, Long.BYTES);
        int within = (int) (offset % PAGE_BYTES);
        ByteBuffer page = pageAt(offset);
        return within <= page.limit() - Long.BYTES
                ? page.getLong(within)
                : read(offset, Long.BYTES).getLong();
    }

    /** The 4 bytes at {@code offset} as a big-endian number. */
    public int intAt(long offset) throws IOException {
        checkRange(offset, Integer.BYTES);
        int within = (int) (offset % PAGE_BYTES);
        ByteBuffer page = pageAt(offset);
        return within <= page.limit() - Integer.BYTES
                ? page.getInt(within)
                : read(offset, Integer.BYTES).getInt();
    }

    private ByteBuffer pageAt(long offset) throws IOException {
        long index = offset / PAGE_BYTES;
        if (index != lastIndex) {
            ByteBuffer page = pages.get(index);
            if (page == null) {
                long start = index * PAGE_BYTES;
                page = source.read(start, (int) Math.min(PAGE_BYTES, source.lengthBytes() - start));
                pages.put(index, page);
            }
            lastIndex = index;
            lastPage = page;
        }
        return lastPage;
    }
}
