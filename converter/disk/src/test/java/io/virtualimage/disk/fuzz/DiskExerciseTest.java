package io.virtualimage.disk.fuzz;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.VirtualDisk;
import org.junit.jupiter.api.Test;

/** What breaks a contract is noticed. */
class DiskExerciseTest {
    private static final int SIZE = 4096;

    private interface Extents {
        Extent at(long offset);
    }

    private record FakeDisk(Extents extents) implements VirtualDisk {
        @Override
        public DiskInfo info() {
            return new DiskInfo(DiskFormat.RAW, SIZE, false);
        }

        @Override
        public ByteSource source() {
            return new MemoryByteSource(new byte[SIZE]);
        }

        @Override
        public Extent extentAt(long offset) {
            return extents.at(offset);
        }
    }

    private static void exercise(Extents one, Extents again) throws Exception {
        new DiskExercise(new FakeDisk(one), new FakeDisk(again)).run();
    }

    private static Extent data(long offset) {
        return new Extent.Data(offset, SIZE - offset, offset);
    }

    private static Extent zero(long offset) {
        return new Extent.Zero(offset, SIZE - offset, false);
    }

    @Test
    void goodDisk() {
        assertThatCode(() -> exercise(DiskExerciseTest::data, DiskExerciseTest::data))
                .doesNotThrowAnyException();
    }

    @Test
    void runsThatBeginElsewhere() {
        assertFound(offset -> data(offset == 0 ? 0 : offset - 1).until(SIZE / 2), "asked for what is at");
    }

    @Test
    void runsOverTheEndOfTheDisk() {
        assertFound(offset -> new Extent.Zero(offset, SIZE, true), "reaches over the end");
    }

    @Test
    void bytesOutsideTheImage() {
        assertFound(offset -> new Extent.Data(offset, SIZE - offset, offset + 1), "lies outside the image");
        assertFound(offset -> new Extent.Data(offset, SIZE - offset, Long.MAX_VALUE), "lies outside the image");
    }

    @Test
    void unitsOutsideTheImage() {
        PackedUnit unit = new PackedUnit(PackedUnit.Codec.ZLIB, SIZE - 1, 2, SIZE);
        assertFound(offset -> new Extent.Packed(offset, SIZE - offset, unit, (int) offset), "lies outside the image");
    }

    @Test
    void answersThatChange() {
        assertThatThrownBy(() -> exercise(DiskExerciseTest::data, DiskExerciseTest::zero))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("asked twice");
    }

    @Test
    void middlesThatAreNotAsTheirRun() {
        assertFound(offset -> offset == 0 ? data(0) : zero(offset), "from the middle of");
    }

    private static void assertFound(Extents extents, String message) {
        assertThatThrownBy(() -> exercise(extents, extents))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(message);
    }
}
