package io.virtualimage.disk.recipe;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads numbers as {@link RecipeFormat} has them; what can't be a number, or isn't there, is damage. */
final class DocumentReader {
    private final String name;
    private final ByteBuffer bytes;

    /** @param name of the document, for messages */
    DocumentReader(String name, byte[] bytes) {
        this.name = name;
        this.bytes = ByteBuffer.wrap(bytes);
    }

    boolean atEnd() {
        return !bytes.hasRemaining();
    }

    IOException damaged(String what) {
        return new IOException("recipe: the document '%s' is damaged: %s".formatted(name, what));
    }

    /** Passes over the first bytes of a document, which say what it is. */
    void expectStart(int magic) throws IOException {
        int found = u32();
        if (found != magic) {
            throw damaged("it begins with 0x%08x instead of 0x%08x".formatted(found, magic));
        }
        int version = u8();
        if (version != RecipeFormat.VERSION) {
            throw new IOException("recipe: the document '%s' is of version %d, and only %d is known"
                    .formatted(name, version, RecipeFormat.VERSION));
        }
    }

    /** The same for documents that have a number. */
    void expectStart(int magic, int number) throws IOException {
        expectStart(magic);
        long found = varint();
        if (found != number) {
            throw damaged("it says that it is number %d".formatted(found));
        }
    }

    int u8() throws IOException {
        require(1);
        return bytes.get() & 0xff;
    }

    int u32() throws IOException {
        require(Integer.BYTES);
        return bytes.getInt();
    }

    long varint() throws IOException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            int next = u8();
            value |= (next & 0x7fL) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw damaged("a number has more than 64 bits");
    }

    /** A varint that counts something in memory: from 0 to {@code max}. */
    int count(int max) throws IOException {
        long value = varint();
        if (value < 0 || value > max) {
            throw damaged("a count of %d is over %d".formatted(value, max));
        }
        return (int) value;
    }

    long signed() throws IOException {
        long value = varint();
        return value >>> 1 ^ -(value & 1);
    }

    void bytes(ByteBuffer target, int count) throws IOException {
        require(count);
        target.put(bytes.slice(bytes.position(), count));
        bytes.position(bytes.position() + count);
    }

    int remaining() {
        return bytes.remaining();
    }

    private void require(int count) throws IOException {
        if (count > bytes.remaining()) {
            throw damaged("it ends early");
        }
    }
}
