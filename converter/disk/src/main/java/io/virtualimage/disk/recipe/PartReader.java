package io.virtualimage.disk.recipe;

import java.io.IOException;

/** The pieces of one part, decoded as they are asked for: going forward is cheap, going back begins anew. */
final class PartReader {
    private final String name;
    private final byte[] bytes;
    private final int number;
    private final long offset;
    private final long end;

    private DocumentReader document;
    private Piece piece;
    private long pieceOffset;
    private long storedEnd;
    private long unpackedEnd;

    /**
     * @param offset of the first byte of the output that the part describes
     * @param lengthBytes how many it describes
     */
    PartReader(String name, byte[] bytes, int number, long offset, long lengthBytes) throws IOException {
        this.name = name;
        this.bytes = bytes;
        this.number = number;
        this.offset = offset;
        this.end = offset + lengthBytes;
        this.document = start();
        this.pieceOffset = offset;
        this.piece = next();
    }

    boolean contains(long position) {
        return position >= offset && position < end;
    }

    /** @param position one that the part contains */
    Piece pieceAt(long position) throws IOException {
        if (position < pieceOffset) {
            document = start();
            storedEnd = 0;
            unpackedEnd = 0;
            pieceOffset = offset;
            piece = next();
        }
        while (position >= pieceOffset + piece.lengthBytes()) {
            pieceOffset += piece.lengthBytes();
            piece = next();
        }
        return position == pieceOffset ? piece : piece.from(position - pieceOffset);
    }

    private DocumentReader start() throws IOException {
        DocumentReader started = new DocumentReader(name, bytes);
        started.expectStart(RecipeFormat.PART_MAGIC, number);
        return started;
    }

    private Piece next() throws IOException {
        int first = document.u8();
        long length = (long) first >>> RecipeFormat.KIND_BITS & RecipeFormat.LENGTH_MASK;
        if ((first & RecipeFormat.MORE) != 0) {
            length |= document.varint() << RecipeFormat.LENGTH_BITS;
        }
        int kind = first & RecipeFormat.KIND_MASK;
        if (length <= 0
                || length > end - pieceOffset
                || (kind == RecipeFormat.INLINE && length > RecipeFormat.MAX_INLINE_BYTES)) {
            throw document.damaged("it has a piece of %d bytes".formatted(length));
        }
        return switch (kind) {
            case RecipeFormat.ZEROS -> new Piece.Zeros(length);
            case RecipeFormat.INLINE -> new Piece.Inline(InlineCoding.decode(document, (int) length));
            case RecipeFormat.STORED -> {
                long at = checked(storedEnd + document.signed(), length);
                storedEnd = at + length;
                yield new Piece.Stored(length, at);
            }
            default -> {
                long at = checked(unpackedEnd + document.signed(), length);
                unpackedEnd = at + length;
                yield new Piece.Unpacked(length, at);
            }
        };
    }

    private long checked(long at, long length) throws IOException {
        if (at < 0 || at > Long.MAX_VALUE - length) {
            throw document.damaged("it has a piece of %d bytes from offset %d".formatted(length, at));
        }
        return at;
    }
}
