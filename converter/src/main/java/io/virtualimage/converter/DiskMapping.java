package io.virtualimage.converter;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.ExtentWalk;
import io.virtualimage.disk.inspect.DiskInspector;
import io.virtualimage.disk.qcow2.Qcow2Writer;
import io.virtualimage.disk.recipe.Piece;
import io.virtualimage.disk.recipe.RawWriter;
import io.virtualimage.disk.recipe.RecipeSummary;
import io.virtualimage.disk.recipe.RecipeWriter;
import io.virtualimage.disk.wrapper.UnpackLimits;
import io.virtualimage.stage.staging.RecipeDocuments;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.DiskOutput.Layout;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Task;
import java.io.IOException;

/**
 * Goes through the whole map of a disk. So a disk that is damaged anywhere fails before it is published; and if it is to
 * be rewritten, the recipe for that comes out.
 */
final class DiskMapping {
    /** Tables of a disk lie between its data; those that are read last lie near each other. */
    private static final int KEPT_SEGMENTS = 2;

    /** An image counts as at least this long: a small one may well describe a large disk. */
    private static final long RATIO_FLOOR_BYTES = 1L << 20;

    private DiskMapping() {}

    static void run(ConvertPorts ports, Task.MapDisk task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        context.checkpoint();
        Event.Converted done = ImageReading.of(() -> map(ports, task, context));
        context.checkpoint();
        context.announce(done);
    }

    private static Event.Converted map(ConvertPorts ports, Task.MapDisk task, TaskContext context)
            throws IOException, DiskException {
        StagedBytes bytes =
                new StagedBytes(ports.staging(), task.image(), task.basis(), task.staged(), KEPT_SEGMENTS, context);
        VirtualDisk disk = DiskInspector.open(bytes, ports.limits());
        if (task.output().layout() == Layout.PASS_THROUGH) {
            check(disk);
            return new Event.ConvertCompleted(task.image(), task.epoch());
        }
        StagedRecipe documents = new StagedRecipe(new RecipeDocuments(ports.staging(), task.image(), task.epoch()));
        int groupBytes = Math.max(task.staged().segmentBytes(), PackedUnit.MAX_BYTES);
        long maxBytes = maxOutputBytes(disk, ports.unpackLimits());
        RecipeSummary written;
        if (isStoredAsItIs(disk, task.output().format())) {
            written = passThrough(disk, bytes.lengthBytes(), new RecipeWriter(documents, 0, groupBytes));
        } else if (task.output().format() == ImageFormat.RAW) {
            written = bare(disk, new RecipeWriter(documents, 0, groupBytes), maxBytes);
        } else {
            written = rewrite(disk, new RecipeWriter(documents, Qcow2Writer.HEAD_BYTES, groupBytes), maxBytes);
        }
        return new Event.RecipeWritten(task.image(), task.epoch(), written.lengthBytes(), written.groups());
    }

    private static RecipeSummary passThrough(VirtualDisk disk, long lengthBytes, RecipeWriter recipe)
            throws IOException, DiskException {
        check(disk);
        recipe.put(new Piece.Stored(lengthBytes, 0));
        return recipe.finish();
    }

    private static RecipeSummary rewrite(VirtualDisk disk, RecipeWriter recipe, long maxBytes)
            throws IOException, DiskException {
        Qcow2Writer.Written image = Qcow2Writer.write(disk, recipe, maxBytes);
        return recipe.finish(image.head());
    }

    /** The disk's bytes, nothing else. As many of them may be zeros as the disk has. */
    private static RecipeSummary bare(VirtualDisk disk, RecipeWriter recipe, long maxBytes)
            throws IOException, DiskException {
        RawWriter.write(disk, new BoundedPieces(recipe, maxBytes));
        return recipe.finish();
    }

    /** Blocks of a disk may be shared: a small image must not become an output of any length. */
    private static long maxOutputBytes(VirtualDisk disk, UnpackLimits limits) {
        long bySource = Math.max(RATIO_FLOOR_BYTES, disk.source().lengthBytes());
        return bySource > limits.maxPlainBytes() / limits.maxRatio()
                ? limits.maxPlainBytes()
                : bySource * limits.maxRatio();
    }

    private static boolean isStoredAsItIs(VirtualDisk disk, ImageFormat output) {
        return switch (disk.info().format()) {
            case QCOW2 -> output == ImageFormat.QCOW2;
            case ISO -> true;
            case RAW, VMDK, VDI, VPC, VHDX -> false;
        };
    }

    private static void check(VirtualDisk disk) throws IOException, DiskException {
        ExtentWalk walk = new ExtentWalk(disk);
        while (walk.next() != null) {
            // Whatever is wrong is thrown.
        }
    }
}
