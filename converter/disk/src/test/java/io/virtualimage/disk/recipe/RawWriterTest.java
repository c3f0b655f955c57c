package io.virtualimage.disk.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FixedDisk;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.UnreadSource;
import io.virtualimage.disk.raw.RawDisk;
import org.junit.jupiter.api.Test;

class RawWriterTest {
    private static final long BLOCK = 65_536;

    private final PieceList list = new PieceList();

    @Test
    void runsOfAllKinds() throws Exception {
        PackedUnit unit = new PackedUnit(PackedUnit.Codec.ZLIB, 77, 100, 4096);
        RawWriter.write(
                new FixedDisk(
                        1 << 20,
                        new UnreadSource(1 << 20),
                        new Extent.Data(512, 1024, 100),
                        new Extent.Packed(1536, 512, unit, 3584)),
                list);
        assertThat(list.pieces())
                .containsExactly(
                        new Piece.Zeros(512),
                        new Piece.Stored(1024, 100),
                        new Piece.Unpacked(512, 3584),
                        new Piece.Zeros((1 << 20) - 2048));
    }

    @Test
    void holesOfTheSourceAreHolesOfTheOutput() throws Exception {
        UnreadSource source = new UnreadSource(10 * BLOCK + 100)
                .zeros(0, BLOCK)
                .zeros(2 * BLOCK, 3 * BLOCK)
                .zeros(9 * BLOCK, BLOCK + 100);
        RawWriter.write(RawDisk.open(source, DiskFormat.RAW), list);
        assertThat(list.pieces())
                .containsExactly(
                        new Piece.Zeros(BLOCK),
                        new Piece.Stored(BLOCK, BLOCK),
                        new Piece.Zeros(3 * BLOCK),
                        new Piece.Stored(4 * BLOCK, 5 * BLOCK),
                        new Piece.Zeros(BLOCK + 512));
    }

    @Test
    void holesAreFoundWhereverARunBegins() throws Exception {
        UnreadSource source = new UnreadSource(10 * BLOCK).zeros(2 * BLOCK, BLOCK);
        RawWriter.write(new FixedDisk(4 * BLOCK, source, new Extent.Data(0, 4 * BLOCK, 1000)), list);
        assertThat(list.pieces())
                .containsExactly(
                        new Piece.Stored(2 * BLOCK - 1000, 1000),
                        new Piece.Zeros(BLOCK),
                        new Piece.Stored(BLOCK + 1000, 3 * BLOCK));
    }
}
