package io.virtualimage.disk.zstd;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Little-endian numbers in arrays, at any index; indices are checked as those of arrays are. */
final class LittleEndian {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private LittleEndian() {}

    static long u64(byte[] bytes, int index) {
        return (long) LONGS.get(bytes, index);
    }

    static void putU64(byte[] bytes, int index, long value) {
        LONGS.set(bytes, index, value);
    }

    static int u32(byte[] bytes, int index) {
        return (int) INTS.get(bytes, index);
    }

    static int u24(byte[] bytes, int index) {
        return u16(bytes, index) | (bytes[index + 2] & 0xff) << 16;
    }

    static int u16(byte[] bytes, int index) {
        return (bytes[index] & 0xff) | (bytes[index + 1] & 0xff) << 8;
    }

    /** Copies 16 bytes, of which fewer may be wanted; source and target overlap only if they are 8 or more apart. */
    static void copy16(byte[] from, int fromIndex, byte[] to, int toIndex) {
        putU64(to, toIndex, u64(from, fromIndex));
        putU64(to, toIndex + 8, u64(from, fromIndex + 8));
    }
}
