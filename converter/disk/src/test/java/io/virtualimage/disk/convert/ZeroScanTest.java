package io.virtualimage.disk.convert;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class ZeroScanTest {
    private static final int BLOCK = ZeroScan.BLOCK_BYTES;

    @Test
    void seesEveryByteOfABlock() {
        byte[] bytes = new byte[BLOCK];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        assertThat(ZeroScan.endOfZeros(segment, 0, BLOCK)).isEqualTo(BLOCK);
        assertThat(ZeroScan.endOfData(segment, 0, BLOCK)).isZero();
        for (int i = 0; i < BLOCK; i++) {
            bytes[i] = (byte) 0x80;
            assertThat(ZeroScan.endOfZeros(segment, 0, BLOCK)).as("byte %d", i).isZero();
            assertThat(ZeroScan.endOfData(segment, 0, BLOCK)).as("byte %d", i).isEqualTo(BLOCK);
            bytes[i] = 0;
        }
    }

    @Test
    void findsRuns() {
        byte[] bytes = new byte[6 * BLOCK + 3];
        bytes[2 * BLOCK] = 1;
        bytes[4 * BLOCK - 1] = 1;
        bytes[6 * BLOCK + 2] = 1;
        MemorySegment segment = MemorySegment.ofArray(bytes);
        assertThat(ZeroScan.endOfZeros(segment, 0, bytes.length)).isEqualTo(2 * BLOCK);
        assertThat(ZeroScan.endOfData(segment, 2 * BLOCK, bytes.length)).isEqualTo(4 * BLOCK);
        assertThat(ZeroScan.endOfZeros(segment, 4 * BLOCK, bytes.length)).isEqualTo(6 * BLOCK);
        assertThat(ZeroScan.endOfData(segment, 6 * BLOCK, bytes.length)).isEqualTo(bytes.length);
        assertThat(ZeroScan.endOfZeros(segment, 6 * BLOCK, 6 * BLOCK + 2)).isEqualTo(6 * BLOCK + 2);
        assertThat(ZeroScan.endOfZeros(segment, 7, 7)).isEqualTo(7);
    }
}
