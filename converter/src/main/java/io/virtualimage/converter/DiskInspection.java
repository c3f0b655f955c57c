package io.virtualimage.converter;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.inspect.DiskInspector;
import io.virtualimage.disk.wrapper.Wrapper;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Compression;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.DiskOutput.Layout;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says what an image is, from its first and its last bytes, and how it will be stored. */
final class DiskInspection {
    private static final Logger LOG = LoggerFactory.getLogger(DiskInspection.class);

    /** The first and the last one. */
    private static final int KEPT_SEGMENTS = 2;

    private DiskInspection() {}

    static void run(ConvertPorts ports, Task.InspectDisk task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        context.checkpoint();
        Event.Converted found = ImageReading.of(() -> inspect(ports, task, context));
        context.checkpoint();
        context.announce(found);
        if (found instanceof Event.DiskInspected disk) {
            log(disk);
        }
    }

    private static Event.Converted inspect(ConvertPorts ports, Task.InspectDisk task, TaskContext context)
            throws IOException, DiskException {
        StagedSource plain = task.plain();
        SegmentKind basis = plain == null ? SegmentKind.SOURCE : SegmentKind.PLAIN;
        StagedSource staged = plain == null ? task.staged() : plain;
        StagedBytes bytes = new StagedBytes(ports.staging(), task.image(), basis, staged, KEPT_SEGMENTS, context);
        if (plain == null) {
            Optional<Wrapper> wrapper =
                    Wrapper.of(bytes.read(0, (int) Math.min(Wrapper.HEAD_BYTES, bytes.lengthBytes())));
            if (wrapper.isPresent()) {
                return new Event.SourceCompressed(task.image(), task.epoch(), compression(wrapper.get()));
            }
        }
        DiskInfo info = DiskInspector.open(bytes, ports.limits()).info();
        if (info.virtualSizeBytes() > ports.maxDiskBytes()) {
            throw new DiskLimitException(
                    0,
                    "%s: a disk of %d bytes is over the limit of %d"
                            .formatted(info.format().wireName(), info.virtualSizeBytes(), ports.maxDiskBytes()));
        }
        return new Event.DiskInspected(
                task.image(),
                task.epoch(),
                formatOf(info.format()),
                info.virtualSizeBytes(),
                info.cdrom(),
                output(info.format(), basis, task));
    }

    /** A disc stays what it is. A disk becomes what a machine boots from: qcow2, and on a volume the bare bytes. */
    private static DiskOutput output(DiskFormat format, SegmentKind basis, Task.InspectDisk task) {
        DiskFormat disk = task.storage() == Storage.PERSISTENT_VOLUME_CLAIM ? DiskFormat.RAW : DiskFormat.QCOW2;
        DiskFormat stored = format == DiskFormat.ISO ? DiskFormat.ISO : disk;
        Layout layout = stored == format && basis == SegmentKind.SOURCE ? Layout.PASS_THROUGH : Layout.RECIPE;
        return new DiskOutput(layout, formatOf(stored), StoredName.of(task.fileName(), stored));
    }

    private static Compression compression(Wrapper wrapper) {
        return switch (wrapper) {
            case GZIP -> Compression.GZIP;
            case XZ -> Compression.XZ;
            case ZSTD -> Compression.ZSTD;
        };
    }

    private static ImageFormat formatOf(DiskFormat format) {
        return switch (format) {
            case QCOW2 -> ImageFormat.QCOW2;
            case RAW -> ImageFormat.RAW;
            case VMDK -> ImageFormat.VMDK;
            case VDI -> ImageFormat.VDI;
            case VPC -> ImageFormat.VPC;
            case VHDX -> ImageFormat.VHDX;
            case ISO -> ImageFormat.ISO;
        };
    }

    private static void log(Event.DiskInspected disk) {
        Incarnation image = disk.image();
        LOG.atInfo()
                .addKeyValue("namespace", image.namespace())
                .addKeyValue("name", image.name())
                .addKeyValue("uid", image.uid())
                .addKeyValue("generation", image.generation())
                .addKeyValue("format", disk.format().wireName())
                .addKeyValue("virtualSizeBytes", disk.virtualSizeBytes())
                .log("disk inspected");
    }
}
