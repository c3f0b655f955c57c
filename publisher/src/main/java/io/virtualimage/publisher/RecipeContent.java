package io.virtualimage.publisher;

import io.virtualimage.disk.recipe.PartStore;
import io.virtualimage.disk.recipe.Piece;
import io.virtualimage.disk.recipe.RecipeReader;
import io.virtualimage.stage.staging.RecipeDocuments;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedOutput;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** An output that is put together by a recipe, all of which is staged. */
final class RecipeContent implements LayerContent {
    private final Task.PushLayer task;
    private final StagedOutput output;
    private final SegmentLayout layout;
    private final RecipeDocuments documents;
    private final RecipeReader recipe;
    private final SegmentReader segments;

    private RecipeContent(
            Task.PushLayer task,
            StagedOutput output,
            RecipeDocuments documents,
            RecipeReader recipe,
            SegmentReader segments) {
        this.task = task;
        this.output = output;
        this.layout = output.staged().layout();
        this.documents = documents;
        this.recipe = recipe;
        this.segments = segments;
    }

    /** Opens a recipe that was announced. */
    static RecipeContent open(Task.PushLayer task, StagedOutput output, StagingStore staging, SegmentReader segments)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        RecipeDocuments documents = new RecipeDocuments(staging, task.image(), task.epoch());
        RecipeReader recipe = reading(() -> RecipeReader.open(new Documents(documents)), documents);
        return new RecipeContent(task, output, documents, recipe, segments);
    }

    @Override
    public long lengthBytes() {
        return output.lengthBytes();
    }

    @Override
    public long readableBytes(StagedSource staged) {
        return output.lengthBytes();
    }

    @Override
    public long seamBefore(long offset) {
        return offset;
    }

    @Override
    public Run runAt(long offset, StagedSource staged)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        Piece piece = reading(() -> recipe.pieceAt(offset), documents);
        return switch (piece) {
            case Piece.Zeros zeros -> Run.zeros(zeros.lengthBytes());
            case Piece.Inline inline -> inline(inline.bytes());
            case Piece.Stored stored -> stored(stored);
            case Piece.Unpacked unpacked -> unpacked(unpacked);
        };
    }

    private static Run inline(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return Run.of(copy, 0, copy.length);
    }

    private Run stored(Piece.Stored piece)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        int index = layout.indexAt(piece.sourceOffset());
        int within = (int) (piece.sourceOffset() - layout.offsetOf(index));
        int length = (int) Math.min(piece.lengthBytes(), layout.lengthOf(index) - within);
        SegmentSet zeros = output.staged().zeros();
        if (zeros.contains(index)) {
            return Run.zeros(length);
        }
        byte[] bytes = segments.read(stored(index));
        int next = index + 1;
        boolean toItsEnd = within + length == layout.lengthOf(index);
        if (toItsEnd && next < layout.count() && !zeros.contains(next)) {
            segments.expect(stored(next));
        }
        return Run.of(bytes, within, length);
    }

    private SegmentReader.Segment stored(int index) {
        SegmentKey key = new SegmentKey(task.image(), task.epoch(), output.basis(), index);
        return new SegmentReader.Segment(key, output.staged().sessionOf(index), layout.lengthOf(index));
    }

    private Run unpacked(Piece.Unpacked piece)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        int group = recipe.groupAt(piece.unpackedOffset());
        int within = (int) (piece.unpackedOffset() - recipe.groupOffset(group));
        int length = (int) Math.min(piece.lengthBytes(), recipe.groupLengthBytes(group) - within);
        if (output.unpackedZeros().contains(group)) {
            return Run.zeros(length);
        }
        byte[] bytes = segments.read(unpacked(group));
        int next = group + 1;
        boolean toItsEnd = within + length == recipe.groupLengthBytes(group);
        if (toItsEnd && next < output.unpacked() && !output.unpackedZeros().contains(next)) {
            segments.expect(unpacked(next));
        }
        return Run.of(bytes, within, length);
    }

    private SegmentReader.Segment unpacked(int group) {
        SegmentKey key = new SegmentKey(task.image(), task.epoch(), SegmentKind.DISK, group);
        return new SegmentReader.Segment(key, null, recipe.groupLengthBytes(group));
    }

    /** A look into the recipe. */
    private interface Reading<T> {
        T run() throws IOException;
    }

    private static <T> T reading(Reading<T> reading, RecipeDocuments documents)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        try {
            return reading.run();
        } catch (IOException e) {
            switch (e.getCause()) {
                case StagingUnavailableException unavailable -> throw unavailable;
                case InterruptedException interrupt -> throw interrupt;
                case null, default -> throw documents.lost(String.valueOf(e.getMessage()));
            }
        }
    }

    /** The recipe's documents, to be read. */
    private record Documents(RecipeDocuments documents) implements PartStore {
        @Override
        public void put(String name, byte[] document) {
            throw new IllegalStateException("the publisher writes no recipes");
        }

        @Override
        public Optional<byte[]> get(String name) throws IOException {
            try {
                return documents.get(name);
            } catch (StagingUnavailableException | InterruptedException e) {
                throw new IOException(e);
            }
        }
    }
}
