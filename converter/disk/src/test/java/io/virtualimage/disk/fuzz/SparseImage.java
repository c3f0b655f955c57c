package io.virtualimage.disk.fuzz;

import io.virtualimage.disk.ByteSource;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An image as the fuzzer sees it: what is not zero, and where. Images have structures of a few bytes megabytes apart,
 * and an engine that mutates all of the file would mutate zeros; so it gets this form, in which nearly every byte
 * matters, and in which offsets beyond 4 GiB cost nothing. All bytes are some image.
 *
 * <p>Form: a byte of flags, the length of the file (5 bytes), then chunks: offset (5 bytes), length (2 bytes), the
 * bytes. All numbers are big-endian. A later chunk hides an earlier one; what lies past the end of the file is ignored.
 */
final class SparseImage implements ByteSource {
    /** In the flags: checksums are those of the file, and not made right before it is read. */
    static final int CHECKSUMS_AS_THEY_ARE = 1;

    private static final int OFFSET_BYTES = 5;
    private static final int MAX_CHUNK_BYTES = 0xffff;
    /** So many zeros end a chunk: a new one's header costs seven bytes. */
    private static final int GAP_BYTES = 16;

    private static final byte[] ZEROS = new byte[64 << 10];

    private final int flags;
    private final long lengthBytes;
    private final List<Chunk> chunks = new ArrayList<>();

    private record Chunk(long offset, ByteBuffer bytes) {
        long end() {
            return offset + bytes.limit();
        }
    }

    SparseImage(int flags, long lengthBytes) {
        this.flags = flags;
        this.lengthBytes = lengthBytes;
    }

    /** Never fails: what is missing at the end is zeros, or no chunk. */
    static SparseImage decode(byte[] input) {
        ByteBuffer rest = ByteBuffer.wrap(input);
        SparseImage image = new SparseImage((int) number(rest, 1), number(rest, OFFSET_BYTES));
        while (rest.hasRemaining()) {
            long offset = number(rest, OFFSET_BYTES);
            byte[] bytes = new byte[(int) Math.min(number(rest, Short.BYTES), rest.remaining())];
            rest.get(bytes);
            image.put(offset, bytes);
        }
        return image;
    }

    /** The form of a file. */
    static byte[] encode(ByteSource file) throws IOException {
        ByteBuffer form = ByteBuffer.allocate(1 << 24);
        putNumber(form.put((byte) 0), file.lengthBytes());
        byte[] window = new byte[1 << 20];
        for (long start = 0; start < file.lengthBytes(); start += window.length) {
            int count = (int) Math.min(window.length, file.lengthBytes() - start);
            file.read(start, ByteBuffer.wrap(window, 0, count));
            encode(window, count, start, form);
        }
        byte[] input = new byte[form.position()];
        form.flip().get(input);
        return input;
    }

    private static void encode(byte[] window, int count, long start, ByteBuffer form) {
        int position = 0;
        while (position < count) {
            if (window[position] == 0) {
                position++;
                continue;
            }
            int end = position + 1;
            for (int i = end; i < count && i - end < GAP_BYTES && i - position < MAX_CHUNK_BYTES; i++) {
                if (window[i] != 0) {
                    end = i + 1;
                }
            }
            putNumber(form, start + position);
            form.putShort((short) (end - position)).put(window, position, end - position);
            position = end;
        }
    }

    /** Overwrites what is at {@code offset}. */
    void put(long offset, byte[] bytes) {
        if (bytes.length > 0 && offset < lengthBytes) {
            chunks.add(new Chunk(offset, ByteBuffer.wrap(bytes)));
        }
    }

    boolean hasChecksumsMadeRight() {
        return (flags & CHECKSUMS_AS_THEY_ARE) == 0;
    }

    /** Writes the file that this is the form of, with holes. */
    void writeTo(Path file) throws IOException {
        try (RandomAccessFile output = new RandomAccessFile(file.toFile(), "rw")) {
            output.setLength(lengthBytes);
            for (Chunk chunk : chunks) {
                int count = (int) Math.min(chunk.bytes.limit(), lengthBytes - chunk.offset);
                output.seek(chunk.offset);
                output.getChannel().write(chunk.bytes.slice(0, count));
            }
        }
    }

    @Override
    public long lengthBytes() {
        return lengthBytes;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws EOFException {
        int lengthBytes = target.remaining();
        checkRange(offset, lengthBytes);
        long end = offset + lengthBytes;
        int start = target.position();
        for (int left = lengthBytes; left > 0; left -= Math.min(left, ZEROS.length)) {
            target.put(ZEROS, 0, Math.min(left, ZEROS.length));
        }
        for (Chunk chunk : chunks) {
            long from = Math.max(offset, chunk.offset);
            long to = Math.min(end, chunk.end());
            if (from < to) {
                target.put((int) (start + from - offset), chunk.bytes, (int) (from - chunk.offset), (int) (to - from));
            }
        }
    }

    @Override
    public long knownZeroBytes(long offset, long maxBytes) {
        long zeros = Math.min(maxBytes, lengthBytes - offset);
        for (Chunk chunk : chunks) {
            if (chunk.end() > offset) {
                zeros = Math.min(zeros, Math.max(0, chunk.offset - offset));
            }
        }
        return zeros;
    }

    private static long number(ByteBuffer from, int lengthBytes) {
        long number = 0;
        for (int i = 0; i < lengthBytes && from.hasRemaining(); i++) {
            number = number << 8 | (from.get() & 0xff);
        }
        return number;
    }

    private static void putNumber(ByteBuffer to, long number) {
        to.put((byte) (number >> 32)).putInt((int) number);
    }
}
