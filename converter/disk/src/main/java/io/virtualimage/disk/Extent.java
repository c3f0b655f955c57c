package io.virtualimage.disk;

/**
 * A run of a virtual disk's bytes, and where they come from. Offsets and lengths are in bytes; {@code offset} is where a
 * guest sees the run begin.
 */
public sealed interface Extent {
    long offset();

    /** Above 0. */
    long lengthBytes();

    default long end() {
        return offset() + lengthBytes();
    }

    /** The same run without its first bytes. */
    Extent from(long newOffset);

    /** The same run, cut off at {@code end}. */
    Extent until(long end);

    /**
     * Reads as zeros.
     *
     * @param allocated whether the image says so itself, rather than not mentioning the run
     */
    record Zero(long offset, long lengthBytes, boolean allocated) implements Extent {
        public Zero {
            check(offset, lengthBytes);
        }

        @Override
        public Zero from(long newOffset) {
            return new Zero(newOffset, end() - newOffset, allocated);
        }

        @Override
        public Zero until(long end) {
            return new Zero(offset, end - offset, allocated);
        }
    }

    /**
     * Stands in the image as it is.
     *
     * @param sourceOffset where in the image file
     */
    record Data(long offset, long lengthBytes, long sourceOffset) implements Extent {
        public Data {
            check(offset, lengthBytes);
            if (sourceOffset < 0) {
                throw new IllegalArgumentException("negative offset in the image: " + sourceOffset);
            }
        }

        @Override
        public Data from(long newOffset) {
            return new Data(newOffset, end() - newOffset, sourceOffset + newOffset - offset);
        }

        @Override
        public Data until(long end) {
            return new Data(offset, end - offset, sourceOffset);
        }
    }

    /**
     * Stands in the image compressed.
     *
     * @param unitOffset where in the unpacked unit the run begins
     */
    record Packed(long offset, long lengthBytes, PackedUnit unit, int unitOffset) implements Extent {
        public Packed {
            check(offset, lengthBytes);
            if (unitOffset < 0 || lengthBytes > unit.plainBytes() - unitOffset) {
                throw new IllegalArgumentException(
                        "%d bytes at %d of a unit of %d".formatted(lengthBytes, unitOffset, unit.plainBytes()));
            }
        }

        @Override
        public Packed from(long newOffset) {
            return new Packed(newOffset, end() - newOffset, unit, (int) (unitOffset + newOffset - offset));
        }

        @Override
        public Packed until(long end) {
            return new Packed(offset, end - offset, unit, unitOffset);
        }
    }

    private static void check(long offset, long lengthBytes) {
        if (offset < 0 || lengthBytes <= 0 || offset > Long.MAX_VALUE - lengthBytes) {
            throw new IllegalArgumentException("%d bytes at %d".formatted(lengthBytes, offset));
        }
    }
}
