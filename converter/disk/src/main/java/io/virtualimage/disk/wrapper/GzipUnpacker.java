package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Unpacks gzip: members one after the other, then zeros or nothing. Anything else behind the last member is refused, where
 * the gzip program ignores it with a warning: two programs would see two images.
 */
final class GzipUnpacker implements Unpacker {
    private static final int ZERO = 0;

    private final PackedStream packed;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 checksum = new CRC32();
    private final CRC32 headerChecksum = new CRC32();
    private boolean inMember;
    private boolean begun;
    /** How many of the buffered bytes the inflater was given. */
    private int given;

    GzipUnpacker(InputStream packed) {
        this.packed = new PackedStream(packed);
    }

    @Override
    public long packedBytes() {
        return packed.offset();
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException, DiskException {
        while (inMember || startMember()) {
            int got = inflate(target, offset, count);
            if (got > 0) {
                checksum.update(target, offset, got);
                return got;
            }
            if (inflater.finished()) {
                endMember();
            } else if (!packed.fill()) {
                throw cutShort("inside the compressed data");
            } else {
                given = packed.buffered();
                inflater.setInput(packed.buffer(), packed.position(), given);
            }
        }
        return -1;
    }

    private int inflate(byte[] target, int offset, int count) throws MalformedDiskException {
        try {
            int got = inflater.inflate(target, offset, count);
            packed.advance(given - inflater.getRemaining());
            given = inflater.getRemaining();
            if (got == 0 && !inflater.finished() && given > 0) {
                throw malformed("the compressed data are damaged");
            }
            return got;
        } catch (DataFormatException e) {
            throw malformed("the compressed data are damaged: " + e.getMessage());
        }
    }

    /** False at the end of the file. */
    private boolean startMember() throws IOException, DiskException {
        if (begun && !packed.fill()) {
            return false;
        }
        if (begun && packed.buffer()[packed.position()] == ZERO) {
            passZeros();
            return false;
        }
        long start = packed.offset();
        headerChecksum.reset();
        if (headerByte() != GzipFormat.MAGIC_1 || headerByte() != GzipFormat.MAGIC_2) {
            throw new MalformedDiskException(
                    start,
                    begun
                            ? "gzip: what follows the last member is neither one more nor zeros"
                            : "gzip: the file does not begin with a member");
        }
        int method = headerByte();
        int flags = headerByte();
        if (method != GzipFormat.METHOD_DEFLATE || (flags & GzipFormat.RESERVED_FLAGS) != 0) {
            throw new UnsupportedDiskException(
                    start,
                    "gzip: the member at offset 0x%x is compressed by method %d with flags 0x%02x, which is not supported"
                            .formatted(start, method, flags));
        }
        passHeader(flags);
        begun = true;
        inMember = true;
        checksum.reset();
        inflater.reset();
        given = 0;
        return true;
    }

    private void passZeros() throws IOException, MalformedDiskException {
        while (packed.fill()) {
            if (packed.buffer()[packed.position()] != ZERO) {
                throw malformed("something follows the zeros behind the last member");
            }
            packed.advance(1);
        }
    }

    private void passHeader(int flags) throws IOException, MalformedDiskException {
        for (int i = 0; i < GzipFormat.IGNORED_BYTES; i++) {
            headerByte();
        }
        if ((flags & GzipFormat.EXTRA_FLAG) != 0) {
            int length = headerByte() | headerByte() << 8;
            for (int i = 0; i < length; i++) {
                headerByte();
            }
        }
        if ((flags & GzipFormat.NAME_FLAG) != 0) {
            passText();
        }
        if ((flags & GzipFormat.COMMENT_FLAG) != 0) {
            passText();
        }
        if ((flags & GzipFormat.HEADER_CHECKSUM_FLAG) != 0) {
            int expected = (int) headerChecksum.getValue() & 0xffff;
            int found = headerByte() | headerByte() << 8;
            if (found != expected) {
                throw malformed("the checksum of a header should be %04x, but is %04x".formatted(found, expected));
            }
        }
    }

    private void passText() throws IOException, MalformedDiskException {
        while (headerByte() != 0) {
            // As long as the file goes on.
        }
    }

    private int headerByte() throws IOException, MalformedDiskException {
        int value = packed.read();
        if (value < 0) {
            throw cutShort("inside the header of a member");
        }
        headerChecksum.update(value);
        return value;
    }

    private void endMember() throws IOException, MalformedDiskException {
        inMember = false;
        long expected = trailerNumber();
        if (expected != checksum.getValue()) {
            throw malformed(
                    "the checksum of a member should be %08x, but is %08x".formatted(expected, checksum.getValue()));
        }
        long size = trailerNumber();
        long found = inflater.getBytesWritten();
        if (size != (found & 0xffff_ffffL)) {
            throw malformed(
                    "a member says that it unpacks to %d bytes (modulo 2^32), but these are %d".formatted(size, found));
        }
    }

    private long trailerNumber() throws IOException, MalformedDiskException {
        long number = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            int value = packed.read();
            if (value < 0) {
                throw cutShort("before the checksum and size of a member");
            }
            number |= (long) value << (8 * i);
        }
        return number;
    }

    private MalformedDiskException cutShort(String where) {
        return malformed("the file is cut short: it ends " + where);
    }

    private MalformedDiskException malformed(String message) {
        return new MalformedDiskException(packed.offset(), "gzip: " + message);
    }

    @Override
    public void close() throws IOException {
        inflater.end();
        packed.close();
    }
}
