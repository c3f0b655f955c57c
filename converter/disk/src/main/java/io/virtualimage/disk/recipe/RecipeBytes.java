package io.virtualimage.disk.recipe;

import io.virtualimage.disk.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The output that a recipe describes, at any offset. Owns none of what it reads from. For one thread. */
public final class RecipeBytes implements ByteSource {
    private static final byte[] ZEROS = new byte[64 << 10];

    private final RecipeReader recipe;
    private final ByteSource source;
    private final ByteSource unpacked;

    /**
     * @param source the image file
     * @param unpacked the unpacked space
     */
    public RecipeBytes(RecipeReader recipe, ByteSource source, ByteSource unpacked) {
        this.recipe = recipe;
        this.source = source;
        this.unpacked = unpacked;
    }

    @Override
    public long lengthBytes() {
        return recipe.lengthBytes();
    }

    @Override
    public long knownZeroBytes(long offset, long maxBytes) throws IOException {
        if (maxBytes <= 0 || offset >= lengthBytes()) {
            return 0;
        }
        Piece piece = recipe.pieceAt(offset);
        long atMost = Math.min(piece.lengthBytes(), maxBytes);
        return switch (piece) {
            case Piece.Zeros ignored -> atMost;
            case Piece.Inline ignored -> 0;
            case Piece.Stored stored -> source.knownZeroBytes(stored.sourceOffset(), atMost);
            case Piece.Unpacked known -> unpacked.knownZeroBytes(known.unpackedOffset(), atMost);
        };
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        checkRange(offset, target.remaining());
        int limit = target.limit();
        long position = offset;
        while (target.position() < limit) {
            Piece piece = recipe.pieceAt(position);
            int count = (int) Math.min(piece.lengthBytes(), limit - target.position());
            target.limit(target.position() + count);
            copy(piece, target);
            target.limit(limit);
            position += count;
        }
    }

    private void copy(Piece piece, ByteBuffer target) throws IOException {
        switch (piece) {
            case Piece.Zeros ignored -> {
                while (target.hasRemaining()) {
                    target.put(ZEROS, 0, Math.min(ZEROS.length, target.remaining()));
                }
            }
            case Piece.Inline inline -> target.put(inline.bytes().limit(target.remaining()));
            case Piece.Stored stored -> source.read(stored.sourceOffset(), target);
            case Piece.Unpacked known -> unpacked.read(known.unpackedOffset(), target);
        }
    }
}
