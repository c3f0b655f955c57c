package io.virtualimage.disk.recipe;

import java.nio.ByteBuffer;

/**
 * A run of an output file, by where its bytes come from. Where in the output it is follows from the lengths of the pieces
 * before it. Lengths and offsets are in bytes.
 */
public sealed interface Piece {
    /** Above 0. */
    long lengthBytes();

    /** The same piece without its first bytes: at least 0 of them, and not all. */
    Piece from(long skippedBytes);

    /** The first bytes of the same piece: at least one. */
    Piece until(long lengthBytes);

    /**
     * Bytes that are in no image, such as tables.
     *
     * @param bytes read-only, big-endian, with a position of its own for each who asks; what is behind it must not change
     */
    record Inline(ByteBuffer bytes) implements Piece {
        public Inline {
            bytes = bytes.slice().asReadOnlyBuffer();
            checkLength(bytes.remaining());
        }

        @Override
        public ByteBuffer bytes() {
            return bytes.duplicate();
        }

        @Override
        public long lengthBytes() {
            return bytes.remaining();
        }

        @Override
        public Inline from(long skippedBytes) {
            checkSkipped(skippedBytes, lengthBytes());
            return new Inline(bytes.slice((int) skippedBytes, (int) (lengthBytes() - skippedBytes)));
        }

        @Override
        public Inline until(long lengthBytes) {
            checkKept(lengthBytes, lengthBytes());
            return new Inline(bytes.slice(0, (int) lengthBytes));
        }
    }

    /** Zeros. */
    record Zeros(long lengthBytes) implements Piece {
        public Zeros {
            checkLength(lengthBytes);
        }

        @Override
        public Zeros from(long skippedBytes) {
            checkSkipped(skippedBytes, lengthBytes);
            return new Zeros(lengthBytes - skippedBytes);
        }

        @Override
        public Zeros until(long lengthBytes) {
            checkKept(lengthBytes, this.lengthBytes);
            return new Zeros(lengthBytes);
        }
    }

    /**
     * Bytes of the image file as they are.
     *
     * @param sourceOffset where in the image file they begin
     */
    record Stored(long lengthBytes, long sourceOffset) implements Piece {
        public Stored {
            checkLength(lengthBytes);
            checkOffset(sourceOffset, lengthBytes);
        }

        @Override
        public Stored from(long skippedBytes) {
            checkSkipped(skippedBytes, lengthBytes);
            return new Stored(lengthBytes - skippedBytes, sourceOffset + skippedBytes);
        }

        @Override
        public Stored until(long lengthBytes) {
            checkKept(lengthBytes, this.lengthBytes);
            return new Stored(lengthBytes, sourceOffset);
        }
    }

    /**
     * Bytes of the unpacked space: the packed units that the output needs, unpacked, one after another in the order in
     * which they were {@linkplain PieceSink#place placed}.
     *
     * @param unpackedOffset where in the unpacked space they begin
     */
    record Unpacked(long lengthBytes, long unpackedOffset) implements Piece {
        public Unpacked {
            checkLength(lengthBytes);
            checkOffset(unpackedOffset, lengthBytes);
        }

        @Override
        public Unpacked from(long skippedBytes) {
            checkSkipped(skippedBytes, lengthBytes);
            return new Unpacked(lengthBytes - skippedBytes, unpackedOffset + skippedBytes);
        }

        @Override
        public Unpacked until(long lengthBytes) {
            checkKept(lengthBytes, this.lengthBytes);
            return new Unpacked(lengthBytes, unpackedOffset);
        }
    }

    private static void checkLength(long lengthBytes) {
        if (lengthBytes <= 0) {
            throw new IllegalArgumentException("a piece has at least one byte, not " + lengthBytes);
        }
    }

    private static void checkOffset(long offset, long lengthBytes) {
        if (offset < 0 || offset > Long.MAX_VALUE - lengthBytes) {
            throw new IllegalArgumentException("%d bytes at %d".formatted(lengthBytes, offset));
        }
    }

    private static void checkSkipped(long skippedBytes, long lengthBytes) {
        if (skippedBytes < 0 || skippedBytes >= lengthBytes) {
            throw new IllegalArgumentException("skip %d of %d bytes".formatted(skippedBytes, lengthBytes));
        }
    }

    private static void checkKept(long keptBytes, long lengthBytes) {
        if (keptBytes <= 0 || keptBytes > lengthBytes) {
            throw new IllegalArgumentException("keep %d of %d bytes".formatted(keptBytes, lengthBytes));
        }
    }
}
