package io.virtualimage.disk.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.PackedUnit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecipeTest {
    private static final PackedUnit ONE = new PackedUnit(PackedUnit.Codec.ZLIB, 1000, 50, 100);
    private static final PackedUnit OTHER = new PackedUnit(PackedUnit.Codec.DEFLATE, 1050, 10, 30);

    private final MemoryPartStore store = new MemoryPartStore();

    /** Recipes may be read by another version than wrote them: the form was worked out by hand. */
    @Test
    void form() throws IOException {
        assertThat(writeSmall(store)).isEqualTo(new RecipeSummary(180, 2, 130, 1));
        assertThat(store.names()).containsExactly("part-000001", "units-000000", "part-000000", "index");
        assertThat(hex("part-000001")).isEqualTo("564952500101" + "14" + "910314" + "05d101" + "9a0228");
        assertThat(hex("part-000000")).isEqualTo("564952500100" + "1310" + "61626364");
        assertThat(hex("units-000000")).isEqualTo("564952550100" + "01d00f3264" + "00000a1e");
        assertThat(hex("index"))
                .isEqualTo("5649524901" + "b40102" + "04d6190a7b" + "b001f386a6e2" + "820101" + "82016f875575"
                        + "05abc235");
    }

    private static RecipeSummary writeSmall(PartStore store) throws IOException {
        RecipeWriter writer = new RecipeWriter(store, 4);
        writer.put(new Piece.Zeros(5));
        writer.put(new Piece.Stored(100, 10));
        assertThat(writer.place(ONE)).isZero();
        writer.put(new Piece.Stored(1, 5));
        assertThat(writer.place(OTHER)).isEqualTo(100);
        writer.put(new Piece.Unpacked(70, 20));
        return writer.finish(new Piece.Inline(ByteBuffer.wrap("abcd".getBytes(StandardCharsets.US_ASCII))));
    }

    private String hex(String name) {
        return HexFormat.of().formatHex(store.get(name).orElseThrow());
    }

    @Test
    void readsWhatWasWritten() throws IOException {
        writeSmall(store);
        RecipeReader recipe = RecipeReader.open(store);
        assertThat(recipe.lengthBytes()).isEqualTo(180);
        assertThat(recipe.pieceAt(0))
                .isEqualTo(new Piece.Inline(ByteBuffer.wrap("abcd".getBytes(StandardCharsets.US_ASCII))));
        assertThat(recipe.pieceAt(4)).isEqualTo(new Piece.Zeros(5));
        assertThat(recipe.pieceAt(9)).isEqualTo(new Piece.Stored(100, 10));
        assertThat(recipe.pieceAt(179)).isEqualTo(new Piece.Unpacked(1, 89));
        assertThat(recipe.pieceAt(8)).isEqualTo(new Piece.Zeros(1));
        assertThat(recipe.pieceAt(109)).isEqualTo(new Piece.Stored(1, 5));
        assertThatThrownBy(() -> recipe.pieceAt(180)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> recipe.pieceAt(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(recipe.unpackedBytes()).isEqualTo(130);
        assertThat(recipe.groupCount()).isEqualTo(1);
        assertThat(recipe.group(0)).isEqualTo(new UnitGroup(0, List.of(ONE, OTHER)));
        assertThat(recipe.groupLengthBytes(0)).isEqualTo(130);
        assertThat(recipe.groupAt(129)).isZero();
        assertThatThrownBy(() -> recipe.groupAt(130)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void theWholeSourceIsOnePiece() throws IOException {
        RecipeWriter writer = new RecipeWriter(store, 0);
        writer.put(new Piece.Stored(5L << 40, 0));
        assertThat(writer.finish()).isEqualTo(new RecipeSummary(5L << 40, 1, 0, 0));
        assertThat(store.names()).containsExactly("part-000000", "index");
        assertThat(RecipeReader.open(store).pieceAt(1)).isEqualTo(new Piece.Stored((5L << 40) - 1, 1));
    }

    @Test
    void nothingIsARecipeToo() throws IOException {
        assertThat(new RecipeWriter(store, 0).finish()).isEqualTo(new RecipeSummary(0, 0, 0, 0));
        assertThat(RecipeReader.open(store).lengthBytes()).isZero();
    }

    @Test
    void anyPiecesAtAnyOffset() throws IOException {
        Random random = new Random(3);
        RecipeWriter writer = new RecipeWriter(store, 0);
        long unpacked = 0;
        while (unpacked < 50_000_000) {
            unpacked = writer.place(unit(random)) + 1;
        }
        List<Piece> pieces = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            long length = 1 + (random.nextLong() >>> (20 + random.nextInt(44)));
            pieces.add(
                    switch (random.nextInt(40)) {
                        case 0 -> inline(random);
                        case 1, 2, 3 -> new Piece.Zeros(length);
                        case 4, 5, 6 -> {
                            long offset = random.nextLong(unpacked);
                            yield new Piece.Unpacked(Math.min(length, unpacked - offset), offset);
                        }
                        default -> new Piece.Stored(length, random.nextLong() >>> (2 + random.nextInt(60)));
                    });
        }
        for (Piece piece : pieces) {
            writer.put(piece);
        }
        RecipeSummary summary = writer.finish();
        assertThat(summary.parts()).isGreaterThan(10);
        assertThat(summary.lengthBytes())
                .isEqualTo(pieces.stream().mapToLong(Piece::lengthBytes).sum());
        for (String name : store.names()) {
            assertThat(store.get(name).orElseThrow()).hasSizeLessThanOrEqualTo(RecipeFormat.MAX_PART_BYTES);
        }
        RecipeReader inOrder = RecipeReader.open(store);
        RecipeReader anywhere = RecipeReader.open(store);
        long offset = 0;
        for (Piece piece : pieces) {
            assertThat(inOrder.pieceAt(offset)).isEqualTo(piece);
            if (random.nextInt(50) == 0) {
                anywhere.pieceAt(random.nextLong(summary.lengthBytes()));
                long skipped = random.nextLong(piece.lengthBytes());
                assertThat(anywhere.pieceAt(offset + skipped)).isEqualTo(piece.from(skipped));
            }
            offset += piece.lengthBytes();
        }
    }

    private static Piece inline(Random random) {
        byte[] bytes = new byte[1 + random.nextInt(RecipeFormat.MAX_INLINE_BYTES)];
        random.nextBytes(bytes);
        return new Piece.Inline(ByteBuffer.wrap(bytes));
    }

    private static PackedUnit unit(Random random) {
        PackedUnit.Codec[] codecs = PackedUnit.Codec.values();
        return new PackedUnit(
                codecs[random.nextInt(codecs.length)],
                random.nextLong() >>> (1 + random.nextInt(60)),
                1 + random.nextInt(PackedUnit.MAX_BYTES),
                1 + random.nextInt(PackedUnit.MAX_BYTES));
    }

    @Test
    void longInlineBytesComeInSeveralPieces() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(RecipeFormat.MAX_INLINE_BYTES * 2 + 1);
        bytes.put(bytes.limit() - 1, (byte) 7);
        RecipeWriter writer = new RecipeWriter(store, 0);
        writer.put(new Piece.Inline(bytes));
        writer.finish();
        RecipeReader recipe = RecipeReader.open(store);
        assertThat(recipe.pieceAt(0)).isEqualTo(new Piece.Inline(ByteBuffer.allocate(RecipeFormat.MAX_INLINE_BYTES)));
        assertThat(recipe.pieceAt(2L * RecipeFormat.MAX_INLINE_BYTES))
                .isEqualTo(new Piece.Inline(ByteBuffer.wrap(new byte[] {7})));
    }

    @Test
    void groupsAreAsFullAsWholeUnitsLetThem() throws IOException {
        Random random = new Random(5);
        List<PackedUnit> units = new ArrayList<>();
        RecipeWriter writer = new RecipeWriter(store, 0, 5 << 20);
        for (int i = 0; i < 300; i++) {
            units.add(unit(random));
            writer.place(units.getLast());
        }
        RecipeSummary summary = writer.finish();
        RecipeReader recipe = RecipeReader.open(store);
        assertThat(recipe.groupCount()).isEqualTo(summary.groups());
        List<PackedUnit> found = new ArrayList<>();
        long offset = 0;
        for (int group = 0; group < recipe.groupCount(); group++) {
            assertThat(recipe.groupOffset(group)).isEqualTo(offset);
            assertThat(recipe.groupAt(offset)).isEqualTo(group);
            int length = recipe.groupLengthBytes(group);
            assertThat(recipe.groupAt(offset + length - 1)).isEqualTo(group);
            assertThat(recipe.group(group).lengthBytes()).isEqualTo(length).isLessThanOrEqualTo(5 << 20);
            found.addAll(recipe.group(group).units());
            if (found.size() < units.size()) {
                assertThat(length + units.get(found.size()).plainBytes()).isGreaterThan(5 << 20);
            }
            offset += length;
        }
        assertThat(found).isEqualTo(units);
        assertThat(offset).isEqualTo(summary.unpackedBytes());
    }

    @Test
    void groupsOfTinyUnitsAreBoundedByTheirNumber() throws IOException {
        RecipeWriter writer = new RecipeWriter(store, 0);
        for (int i = 0; i <= RecipeFormat.MAX_GROUP_UNITS; i++) {
            writer.place(new PackedUnit(PackedUnit.Codec.DEFLATE, i, 1, 1));
        }
        assertThat(writer.finish().groups()).isEqualTo(2);
        assertThat(RecipeReader.open(store).groupLengthBytes(0)).isEqualTo(RecipeFormat.MAX_GROUP_UNITS);
    }

    @Test
    void anyDamageIsFound() throws IOException {
        writeSmall(store);
        for (String name : store.names()) {
            byte[] good = store.get(name).orElseThrow();
            for (int i = 0; i < 8 * good.length; i++) {
                byte[] bad = good.clone();
                bad[i / 8] ^= (byte) (1 << i % 8);
                assertDamaged(name, bad);
            }
            for (int length = 0; length < good.length; length++) {
                assertDamaged(name, Arrays.copyOf(good, length));
            }
            store.put(name, good);
        }
        readAll();
    }

    private void assertDamaged(String name, byte[] bytes) {
        store.put(name, bytes);
        assertThatThrownBy(this::readAll)
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("recipe: the document '%s' is damaged".formatted(name));
    }

    private void readAll() throws IOException {
        RecipeReader recipe = RecipeReader.open(store);
        long offset = 0;
        while (offset < recipe.lengthBytes()) {
            offset += recipe.pieceAt(offset).lengthBytes();
        }
        for (int group = 0; group < recipe.groupCount(); group++) {
            recipe.group(group);
        }
    }

    @Test
    void saysWhatIsMissing() throws IOException {
        assertThatThrownBy(() -> RecipeReader.open(store))
                .isInstanceOf(IOException.class)
                .hasMessage("recipe: there is no document 'index'");
        writeSmall(store);
        MemoryPartStore onlyIndex = new MemoryPartStore();
        onlyIndex.put("index", store.get("index").orElseThrow());
        RecipeReader recipe = RecipeReader.open(onlyIndex);
        assertThatThrownBy(() -> recipe.pieceAt(4)).hasMessage("recipe: there is no document 'part-000001'");
        assertThatThrownBy(() -> recipe.group(0)).hasMessage("recipe: there is no document 'units-000000'");
    }

    @Test
    void refusesWhatMakesNoRecipe() throws IOException {
        assertThatIllegalArgumentException().isThrownBy(() -> new RecipeWriter(store, -1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RecipeWriter(store, RecipeFormat.MAX_INLINE_BYTES + 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new RecipeWriter(store, 0, PackedUnit.MAX_BYTES - 1));
        RecipeWriter writer = new RecipeWriter(store, 4);
        assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> writer.finish(new Piece.Zeros(5)));
        writer.place(ONE);
        assertThatIllegalArgumentException().isThrownBy(() -> writer.put(new Piece.Unpacked(2, 99)));
    }
}
