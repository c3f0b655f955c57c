package io.virtualimage.disk.recipe;

import io.virtualimage.disk.PackedUnit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads a recipe. Memory: the index, with some 16 bytes for each part and group, and the part that was read last. A document
 * that is not there, or is not the one that was written, is an {@link IOException}. For one thread.
 */
public final class RecipeReader {
    private final PartStore store;
    private final RecipeIndex index;
    private @Nullable PartReader part;

    private RecipeReader(PartStore store, RecipeIndex index) {
        this.store = store;
        this.index = index;
    }

    /** Reads the index, and nothing else. */
    public static RecipeReader open(PartStore store) throws IOException {
        return new RecipeReader(store, RecipeIndex.read(document(store, RecipeFormat.INDEX)));
    }

    /** Length of the output in bytes. */
    public long lengthBytes() {
        return index.parts().totalBytes();
    }

    /**
     * What the output has at {@code offset}: the piece that was written there, or a part of it, which begins there.
     *
     * @param offset from 0 to below {@link #lengthBytes}
     */
    public Piece pieceAt(long offset) throws IOException {
        Objects.checkIndex(offset, lengthBytes());
        PartReader reader = part;
        if (reader == null || !reader.contains(offset)) {
            int number = index.parts().at(offset);
            String name = RecipeFormat.partName(number);
            byte[] document = checked(name, index.parts().checksum(number));
            reader = new PartReader(
                    name,
                    document,
                    number,
                    index.parts().offset(number),
                    index.parts().lengthBytes(number));
            part = reader;
        }
        return reader.pieceAt(offset);
    }

    /** Length of the unpacked space in bytes. */
    public long unpackedBytes() {
        return index.groups().totalBytes();
    }

    /** How many groups there are; 0 if nothing has to be unpacked. */
    public int groupCount() {
        return index.groups().count();
    }

    /** The group that has the byte at {@code unpackedOffset} of the unpacked space. */
    public int groupAt(long unpackedOffset) {
        Objects.checkIndex(unpackedOffset, unpackedBytes());
        return index.groups().at(unpackedOffset);
    }

    /** Where in the unpacked space a group begins, in bytes. */
    public long groupOffset(int group) {
        return index.groups().offset(Objects.checkIndex(group, groupCount()));
    }

    /** What a group has of the unpacked space: the bytes of its units, unpacked. */
    public int groupLengthBytes(int group) {
        return Math.toIntExact(index.groups().lengthBytes(Objects.checkIndex(group, groupCount())));
    }

    /** The units of a group. */
    public UnitGroup group(int group) throws IOException {
        int length = groupLengthBytes(group);
        String name = RecipeFormat.unitsName(group);
        DocumentReader document =
                new DocumentReader(name, checked(name, index.groups().checksum(group)));
        document.expectStart(RecipeFormat.UNITS_MAGIC, group);
        List<PackedUnit> units = new ArrayList<>();
        long plainBytes = 0;
        long packedEnd = 0;
        while (!document.atEnd()) {
            PackedUnit.Codec codec = codec(document);
            long offset = packedEnd + document.signed();
            int packed = document.count(PackedUnit.MAX_BYTES);
            int plain = document.count(PackedUnit.MAX_BYTES);
            if (offset < 0 || packed == 0 || plain == 0) {
                throw document.damaged("it has a unit of %d bytes, packed %d at %d".formatted(plain, packed, offset));
            }
            units.add(new PackedUnit(codec, offset, packed, plain));
            plainBytes += plain;
            packedEnd = offset + packed;
        }
        if (plainBytes != length) {
            throw document.damaged("its units make %d bytes instead of %d".formatted(plainBytes, length));
        }
        return new UnitGroup(groupOffset(group), units);
    }

    private static PackedUnit.Codec codec(DocumentReader document) throws IOException {
        int number = document.u8();
        return switch (number) {
            case RecipeFormat.DEFLATE -> PackedUnit.Codec.DEFLATE;
            case RecipeFormat.ZLIB -> PackedUnit.Codec.ZLIB;
            case RecipeFormat.ZSTD -> PackedUnit.Codec.ZSTD;
            default -> throw document.damaged("there is no codec " + number);
        };
    }

    private byte[] checked(String name, int checksum) throws IOException {
        byte[] document = document(store, name);
        int found = RecipeFormat.checksum(document, document.length);
        if (found != checksum) {
            throw new IOException(
                    "recipe: the document '%s' is damaged, or of another recipe: its CRC32C is %08x, and should be %08x"
                            .formatted(name, found, checksum));
        }
        return document;
    }

    private static byte[] document(PartStore store, String name) throws IOException {
        return store.get(name).orElseThrow(() -> new IOException("recipe: there is no document '%s'".formatted(name)));
    }
}
