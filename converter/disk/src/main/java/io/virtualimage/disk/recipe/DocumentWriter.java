package io.virtualimage.disk.recipe;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A document that grows as it is written: numbers as {@link RecipeFormat} has them. */
final class DocumentWriter {
    private byte[] bytes = new byte[1024];
    private int lengthBytes;

    int lengthBytes() {
        return lengthBytes;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, lengthBytes);
    }

    DocumentWriter clear() {
        lengthBytes = 0;
        return this;
    }

    DocumentWriter u8(int value) {
        reserve(1);
        bytes[lengthBytes++] = (byte) value;
        return this;
    }

    DocumentWriter u32(int value) {
        reserve(Integer.BYTES);
        ByteBuffer.wrap(bytes).putInt(lengthBytes, value);
        lengthBytes += Integer.BYTES;
        return this;
    }

    DocumentWriter varint(long value) {
        long left = value;
        while ((left & ~0x7fL) != 0) {
            u8((int) left | 0x80);
            left >>>= 7;
        }
        return u8((int) left);
    }

    DocumentWriter signed(long value) {
        return varint(value << 1 ^ value >> 63);
    }

    DocumentWriter bytes(ByteBuffer source, int offset, int count) {
        reserve(count);
        source.get(offset, bytes, lengthBytes, count);
        lengthBytes += count;
        return this;
    }

    private void reserve(int count) {
        if (count > bytes.length - lengthBytes) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, lengthBytes + count));
        }
    }
}
