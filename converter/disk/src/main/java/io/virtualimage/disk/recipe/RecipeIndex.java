package io.virtualimage.disk.recipe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The index of a recipe.
 *
 * @param parts by bytes of the output
 * @param groups by bytes of the unpacked space
 */
record RecipeIndex(DocumentSpans parts, DocumentSpans groups) {
    byte[] toDocument() {
        DocumentWriter document =
                new DocumentWriter().u32(RecipeFormat.INDEX_MAGIC).u8(RecipeFormat.VERSION);
        write(parts, document);
        write(groups, document);
        return document.u32(RecipeFormat.checksum(document.toBytes(), document.lengthBytes()))
                .toBytes();
    }

    private static void write(DocumentSpans spans, DocumentWriter document) {
        document.varint(spans.totalBytes()).varint(spans.count());
        for (int i = 0; i < spans.count(); i++) {
            document.varint(spans.lengthBytes(i)).u32(spans.checksum(i));
        }
    }

    static RecipeIndex read(byte[] bytes) throws IOException {
        int length = Math.max(0, bytes.length - Integer.BYTES);
        DocumentReader document = new DocumentReader(RecipeFormat.INDEX, Arrays.copyOf(bytes, length));
        if (length == 0 || ByteBuffer.wrap(bytes).getInt(length) != RecipeFormat.checksum(bytes, length)) {
            throw document.damaged("its checksum is wrong");
        }
        document.expectStart(RecipeFormat.INDEX_MAGIC);
        RecipeIndex index = new RecipeIndex(spans(document), spans(document));
        if (!document.atEnd()) {
            throw document.damaged("it goes on behind its end");
        }
        return index;
    }

    private static DocumentSpans spans(DocumentReader document) throws IOException {
        long total = document.varint();
        int count = document.count(document.remaining());
        DocumentSpans spans = new DocumentSpans();
        for (int i = 0; i < count; i++) {
            long length = document.varint();
            if (length <= 0 || length > total - spans.totalBytes()) {
                throw document.damaged("a length of %d does not fit into %d".formatted(length, total));
            }
            spans.add(length, document.u32());
        }
        if (spans.totalBytes() != total) {
            throw document.damaged("lengths make %d instead of %d".formatted(spans.totalBytes(), total));
        }
        return spans;
    }
}
