package io.virtualimage.disk.recipe;

import io.virtualimage.disk.PackedUnit;
import java.io.IOException;

/**
 * Writes a recipe, document by document, into a store. The head of the output may come last: the body is put first, and
 * begins at {@code headBytes}; part 0 describes the head, and is put last but for the index, without which there is no
 * recipe. The same pieces and units give the same documents.
 *
 * <p>Memory: a part and a group, and some 16 bytes for each part and group that was put. For one thread.
 */
public final class RecipeWriter implements PieceSink {
    /** For groups that are unpacked in seconds, and fit into a segment. */
    public static final int DEFAULT_GROUP_BYTES = 16 << 20;

    /** Room that is left in a part for one more piece, whatever it is. */
    private static final int MAX_PIECE_BYTES = RecipeFormat.MAX_INLINE_BYTES + 64;

    private final PartStore store;
    private final long headBytes;
    private final int groupBytes;
    private final DocumentSpans parts = new DocumentSpans();
    private final DocumentSpans groups = new DocumentSpans();

    private final DocumentWriter part = new DocumentWriter();
    private long partOutputBytes;
    private long storedEnd;
    private long unpackedEnd;

    private final DocumentWriter units = new DocumentWriter();
    private int unitsCount;
    private long unitsPlainBytes;
    private long packedEnd;
    private long unpackedBytes;

    /** A recipe whose head, of so many bytes, comes last; 0 if there is none to be told from the body. */
    public RecipeWriter(PartStore store, long headBytes) {
        this(store, headBytes, DEFAULT_GROUP_BYTES);
    }

    /** @param groupBytes how long a group may be in the unpacked space: at least {@link PackedUnit#MAX_BYTES} */
    public RecipeWriter(PartStore store, long headBytes, int groupBytes) {
        if (headBytes < 0 || headBytes > RecipeFormat.MAX_INLINE_BYTES) {
            throw new IllegalArgumentException(
                    "a head has from 0 to %d bytes, not %d".formatted(RecipeFormat.MAX_INLINE_BYTES, headBytes));
        }
        if (groupBytes < PackedUnit.MAX_BYTES) {
            throw new IllegalArgumentException("a group must have room for a unit of %d bytes, and has %d"
                    .formatted(PackedUnit.MAX_BYTES, groupBytes));
        }
        this.store = store;
        this.headBytes = headBytes;
        this.groupBytes = groupBytes;
        if (headBytes > 0) {
            // Its checksum follows when it is known.
            parts.add(headBytes, 0);
        }
        beginPart(parts.count());
    }

    @Override
    public void put(Piece piece) throws IOException {
        Piece rest = piece;
        while (rest instanceof Piece.Inline && rest.lengthBytes() > RecipeFormat.MAX_INLINE_BYTES) {
            encode(rest.until(RecipeFormat.MAX_INLINE_BYTES));
            rest = rest.from(RecipeFormat.MAX_INLINE_BYTES);
        }
        encode(rest);
    }

    private void encode(Piece piece) throws IOException {
        if (part.lengthBytes() > RecipeFormat.MAX_PART_BYTES - MAX_PIECE_BYTES) {
            endPart();
        }
        switch (piece) {
            case Piece.Inline inline -> {
                putStart(RecipeFormat.INLINE, piece);
                InlineCoding.encode(inline.bytes(), part);
            }
            case Piece.Zeros ignored -> putStart(RecipeFormat.ZEROS, piece);
            case Piece.Stored stored -> {
                putStart(RecipeFormat.STORED, piece);
                part.signed(stored.sourceOffset() - storedEnd);
                storedEnd = stored.sourceOffset() + stored.lengthBytes();
            }
            case Piece.Unpacked unpacked -> {
                if (unpacked.unpackedOffset() + unpacked.lengthBytes() > unpackedBytes) {
                    throw new IllegalArgumentException("refers to units that were not placed: " + unpacked);
                }
                putStart(RecipeFormat.UNPACKED, piece);
                part.signed(unpacked.unpackedOffset() - unpackedEnd);
                unpackedEnd = unpacked.unpackedOffset() + unpacked.lengthBytes();
            }
        }
        partOutputBytes = Math.addExact(partOutputBytes, piece.lengthBytes());
    }

    private void putStart(int kind, Piece piece) {
        long length = piece.lengthBytes();
        int first = kind | (int) (length & RecipeFormat.LENGTH_MASK) << RecipeFormat.KIND_BITS;
        long rest = length >>> RecipeFormat.LENGTH_BITS;
        if (rest == 0) {
            part.u8(first);
        } else {
            part.u8(first | RecipeFormat.MORE).varint(rest);
        }
    }

    private void beginPart(int number) {
        part.clear().u32(RecipeFormat.PART_MAGIC).u8(RecipeFormat.VERSION).varint(number);
        partOutputBytes = 0;
        storedEnd = 0;
        unpackedEnd = 0;
    }

    private void endPart() throws IOException {
        if (partOutputBytes > 0) {
            byte[] document = part.toBytes();
            store.put(RecipeFormat.partName(parts.count()), document);
            parts.add(partOutputBytes, RecipeFormat.checksum(document, document.length));
        }
        beginPart(parts.count());
    }

    @Override
    public long place(PackedUnit unit) throws IOException {
        if (unitsPlainBytes + unit.plainBytes() > groupBytes || unitsCount == RecipeFormat.MAX_GROUP_UNITS) {
            endGroup();
        }
        if (unitsCount == 0) {
            units.clear().u32(RecipeFormat.UNITS_MAGIC).u8(RecipeFormat.VERSION).varint(groups.count());
            packedEnd = 0;
        }
        units.u8(codecNumber(unit.codec()))
                .signed(unit.sourceOffset() - packedEnd)
                .varint(unit.packedBytes())
                .varint(unit.plainBytes());
        packedEnd = unit.sourceOffset() + unit.packedBytes();
        unitsCount++;
        unitsPlainBytes += unit.plainBytes();
        long offset = unpackedBytes;
        unpackedBytes = Math.addExact(unpackedBytes, unit.plainBytes());
        return offset;
    }

    private void endGroup() throws IOException {
        if (unitsCount > 0) {
            byte[] document = units.toBytes();
            store.put(RecipeFormat.unitsName(groups.count()), document);
            groups.add(unitsPlainBytes, RecipeFormat.checksum(document, document.length));
            unitsCount = 0;
            unitsPlainBytes = 0;
        }
    }

    /** Ends a recipe without a head. */
    public RecipeSummary finish() throws IOException {
        if (headBytes != 0) {
            throw new IllegalStateException("there is a head of %d bytes to come".formatted(headBytes));
        }
        endPart();
        endGroup();
        return putIndex();
    }

    /** Ends a recipe whose head is one piece. */
    public RecipeSummary finish(Piece head) throws IOException {
        if (head.lengthBytes() != headBytes) {
            throw new IllegalArgumentException(
                    "the head has %d bytes instead of %d".formatted(head.lengthBytes(), headBytes));
        }
        endPart();
        endGroup();
        beginPart(0);
        encode(head);
        byte[] document = part.toBytes();
        store.put(RecipeFormat.partName(0), document);
        parts.setChecksum(0, RecipeFormat.checksum(document, document.length));
        return putIndex();
    }

    private RecipeSummary putIndex() throws IOException {
        store.put(RecipeFormat.INDEX, new RecipeIndex(parts, groups).toDocument());
        return new RecipeSummary(parts.totalBytes(), parts.count(), groups.totalBytes(), groups.count());
    }

    private static int codecNumber(PackedUnit.Codec codec) {
        return switch (codec) {
            case DEFLATE -> RecipeFormat.DEFLATE;
            case ZLIB -> RecipeFormat.ZLIB;
            case ZSTD -> RecipeFormat.ZSTD;
        };
    }
}
