package io.virtualimage.disk.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.ByteSourceContract;
import io.virtualimage.disk.MemoryByteSource;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VhdxOverlayTest extends ByteSourceContract {
    private static final int SECTOR = 4096;
    private static final int SECTORS = 40;

    @Override
    protected ByteSource sourceOf(byte[] bytes) {
        return new VhdxOverlay(new MemoryByteSource(bytes));
    }

    /** Whatever is written in whatever order, it is what an array would have become. */
    @Test
    void isTheFileAfterTheWrites() throws Exception {
        Random random = new Random(3);
        for (int round = 0; round < 200; round++) {
            byte[] file = new byte[random.nextInt(1, SECTORS * SECTOR)];
            random.nextBytes(file);
            byte[] expected = file.clone();
            VhdxOverlay overlay = new VhdxOverlay(new MemoryByteSource(file));
            for (int write = random.nextInt(30); write > 0; write--) {
                int offset = random.nextInt(SECTORS) * SECTOR;
                byte[] written = new byte[random.nextBoolean() ? SECTOR : random.nextInt(1, 9) * SECTOR];
                boolean update = written.length == SECTOR && random.nextBoolean();
                if (update) {
                    random.nextBytes(written);
                }
                overlay.write(offset, written.length, update ? ByteBuffer.wrap(written) : null, 0);
                expected = Arrays.copyOf(expected, Math.max(expected.length, offset + written.length));
                System.arraycopy(written, 0, expected, offset, written.length);
            }
            assertThat(overlay.lengthBytes()).isEqualTo(expected.length);
            assertThat(overlay.read(0, expected.length).array()).isEqualTo(expected);
            int offset = random.nextInt(expected.length);
            int length = random.nextInt(expected.length - offset);
            assertThat(overlay.read(offset, length).array())
                    .isEqualTo(Arrays.copyOfRange(expected, offset, offset + length));
            assertPieces(overlay, file, expected);
        }
    }

    private static void assertPieces(VhdxOverlay overlay, byte[] file, byte[] expected) {
        int offset = 0;
        while (offset < expected.length) {
            VhdxOverlay.Piece piece = overlay.pieceAt(offset);
            int end = (int) piece.end();
            assertThat(end).isGreaterThan(offset).isLessThanOrEqualTo(expected.length);
            byte[] there = Arrays.copyOfRange(expected, offset, end);
            switch (piece.kind()) {
                case FILE -> assertThat(there).isEqualTo(Arrays.copyOfRange(file, offset, end));
                case ZERO -> assertThat(there).isEqualTo(new byte[end - offset]);
                case UPDATE -> assertThat(end - offset).isEqualTo(SECTOR);
            }
            offset = end;
        }
    }
}
