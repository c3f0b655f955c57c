package io.virtualimage.converter;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.codec.UnitDecoder;
import io.virtualimage.disk.recipe.RecipeReader;
import io.virtualimage.disk.recipe.UnitGroup;
import io.virtualimage.stage.staging.RecipeDocuments;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;

/** Unpacks the clusters or grains that make up one segment of the unpacked space. */
final class SegmentConversion {
    /** Units of one group lie one after another, mostly. */
    private static final int KEPT_SEGMENTS = 1;

    private SegmentConversion() {}

    static void run(ConvertPorts ports, Task.ConvertSegment task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        context.checkpoint();
        ImageReading.of(() -> {
            StagedRecipe documents = new StagedRecipe(new RecipeDocuments(ports.staging(), task.image(), task.epoch()));
            RecipeReader recipe = documents.read(() -> RecipeReader.open(documents));
            UnitGroup group = documents.read(() -> recipe.group(task.index()));
            StagedBytes bytes =
                    new StagedBytes(ports.staging(), task.image(), task.basis(), task.staged(), KEPT_SEGMENTS, context);
            try (Units units = new Units(bytes, group.units(), context)) {
                ConvertedSegments segments = new ConvertedSegments(ports.staging(), task, SegmentKind.DISK, context);
                segments.stage(task.index(), group.lengthBytes(), units);
            }
            return task;
        });
    }

    /** Units one after another, each unpacked when it is read. */
    private static final class Units extends InputStream {
        private final ByteSource source;
        private final Iterator<PackedUnit> units;
        private final TaskContext context;
        private final UnitDecoder decoder = new UnitDecoder();
        private ByteBuffer plain = ByteBuffer.allocate(0);
        private long done;

        Units(ByteSource source, List<PackedUnit> units, TaskContext context) {
            this.source = source;
            this.units = units.iterator();
            this.context = context;
        }

        @Override
        public int read() throws IOException {
            return fill() ? plain.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (!fill()) {
                return -1;
            }
            int count = Math.min(length, plain.remaining());
            plain.get(target, offset, count);
            return count;
        }

        private boolean fill() throws IOException {
            while (!plain.hasRemaining()) {
                if (!units.hasNext()) {
                    return false;
                }
                PackedUnit unit = units.next();
                try {
                    plain = plain.capacity() < unit.plainBytes() ? ByteBuffer.allocate(unit.plainBytes()) : plain;
                    decoder.decode(source, unit, plain.clear());
                } catch (DiskException e) {
                    throw new IOException(e.getMessage(), e);
                }
                plain.flip();
                done += unit.plainBytes();
                context.progress(done);
            }
            return true;
        }

        @Override
        public void close() {
            decoder.close();
        }
    }
}
