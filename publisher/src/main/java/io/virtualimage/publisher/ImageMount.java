package io.virtualimage.publisher;

import io.virtualimage.oci.BlobMount;
import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.ImageConfig;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.ImageReference;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.UploadLocation;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Makes an image of one that is in the registry already. Its layer is mounted into the other repository (OCI distribution
 * specification, "Mounting a blob from another repository"), which moves no bytes; from a registry that will not mount
 * it is read and pushed again. The manifest is the new image's own, so that either can be deleted without the other.
 */
final class ImageMount {
    private static final int MAX_CONFIG_BYTES = 1 << 20;
    private static final int COPY_BUFFER = 64 << 10;

    private final PublishPorts ports;
    private final PublicNames names;
    private final Task.MountImage task;
    private final DataSource.PublishedImage source;
    private final TaskContext context;

    private ImageMount(PublishPorts ports, PublicNames names, Task.MountImage task, TaskContext context) {
        this.ports = ports;
        this.names = names;
        this.task = task;
        this.source = task.source();
        this.context = context;
    }

    static void run(PublishPorts ports, PublicNames names, Task.MountImage task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, AnnouncementException,
                    InterruptedException {
        new ImageMount(ports, names, task, context).run();
    }

    private void run()
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, AnnouncementException,
                    InterruptedException {
        ImageReference from = reference();
        ManifestPublication.Content content;
        try {
            content = content(from);
            Descriptor layer = content.layer();
            context.announce(
                    new Event.StageProgressed(task.image(), task.epoch(), Stage.PUBLISH, 0, layer.lengthBytes()));
            give(layer, from.repository(), names.repository(task.image()));
        } catch (RegistryException e) {
            throw RegistryTrouble.outage(e);
        }
        ManifestPublication.publish(ports.registry(), names, task, content, context);
    }

    private ImageReference reference() throws ImageFailedException {
        ImageReference reference;
        try {
            reference = ImageReference.parse(source.registryUrl());
        } catch (IllegalArgumentException e) {
            throw failed("its address %s is none of an image".formatted(source.registryUrl()), e);
        }
        if (!reference.domain().equals(names.registry())) {
            throw failed(
                    "it is in the registry %s, and images are published to %s"
                            .formatted(reference.domain(), names.registry()),
                    null);
        }
        return reference;
    }

    private ManifestPublication.Content content(ImageReference from) throws RegistryException, ImageFailedException {
        OciRegistry registry = ports.registry();
        ImageManifest manifest;
        try {
            manifest = registry.getManifest(from.repository(), from.manifest()).parse() instanceof ImageManifest image
                    ? image
                    : null;
        } catch (RegistryException e) {
            if (e.reason() == RegistryException.Reason.NOT_FOUND) {
                throw failed("the registry doesn't have %s any more".formatted(source.registryUrl()), e);
            }
            throw e;
        }
        if (manifest == null || manifest.layers().size() != 1) {
            throw failed(
                    "%s is not one image with one layer, as an image of a disk is".formatted(source.registryUrl()),
                    null);
        }
        Descriptor layer = manifest.layers().getFirst();
        ImageConfig config = ImageConfig.parse(
                registry.readBlob(from.repository(), manifest.config().digest(), MAX_CONFIG_BYTES));
        if (config.diffIds().size() != 1) {
            throw failed("the configuration of %s doesn't tell its layer".formatted(source.registryUrl()), null);
        }
        return new ManifestPublication.Content(
                new Descriptor(ociType(layer), layer.digest(), layer.lengthBytes()),
                config.diffIds().getFirst(),
                source.format(),
                source.cdrom(),
                source.storedBytes(),
                source.unpackedBytes());
    }

    /** The new manifest is OCI's, whatever the old one was. */
    private static String ociType(Descriptor layer) {
        return switch (layer.mediaType()) {
            case MediaTypes.DOCKER_LAYER -> MediaTypes.OCI_LAYER;
            case MediaTypes.DOCKER_LAYER_GZIP -> MediaTypes.OCI_LAYER_GZIP;
            default -> layer.mediaType();
        };
    }

    private void give(Descriptor layer, Repository from, Repository to)
            throws RegistryException, TaskDeferredException, TaskAbandonedException, InterruptedException {
        OciRegistry registry = ports.registry();
        if (registry.headBlob(to, layer.digest()).isPresent()) {
            return; // another image of this name has it, or an earlier delivery was here
        }
        context.checkpoint();
        switch (registry.mountBlob(to, layer.digest(), from)) {
            case BlobMount.Mounted ignored -> {}
            case BlobMount.UploadStarted(UploadLocation location) -> copy(layer, from, location);
        }
    }

    private void copy(Descriptor layer, Repository from, UploadLocation started)
            throws RegistryException, TaskDeferredException, TaskAbandonedException, InterruptedException {
        OciRegistry registry = ports.registry();
        UploadLocation location = started;
        long length = layer.lengthBytes();
        try {
            for (long done = 0; done < length; ) {
                context.checkpoint();
                long chunk = Math.min(ports.chunkBytes(), length - done);
                try (InputStream in = registry.openBlob(from, layer.digest(), done, chunk)) {
                    location = registry.uploadChunk(location, done, chunk, out -> pass(in, out, chunk));
                }
                done += chunk;
                context.progress(done);
            }
            registry.completeUpload(location, layer.digest());
        } catch (RegistryException e) {
            giveUp(location, e);
            throw e;
        } catch (IOException e) {
            giveUp(location, e);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            throw RegistryTrouble.outage(
                    "the registry broke off the layer %s: %s".formatted(layer.digest(), e.getMessage()),
                    Duration.ZERO,
                    e);
        }
    }

    /** The next attempt begins an upload of its own. */
    private void giveUp(UploadLocation location, IOException why) {
        try {
            ports.registry().cancelUpload(location);
        } catch (RegistryException e) {
            why.addSuppressed(e);
        }
    }

    private static void pass(InputStream in, OutputStream out, long lengthBytes) throws IOException {
        byte[] buffer = new byte[COPY_BUFFER];
        for (long left = lengthBytes; left > 0; ) {
            int count = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (count < 0) {
                throw new IOException("%d of %d bytes are missing".formatted(left, lengthBytes));
            }
            out.write(buffer, 0, count);
            left -= count;
        }
    }

    private ImageFailedException failed(String why, @Nullable Throwable cause) {
        return new ImageFailedException(
                FailureReason.SOURCE_REFUSED,
                "%s %s can't be used: %s".formatted(source.kind().wireName(), source.name(), why),
                cause);
    }
}
