package io.virtualimage.publisher;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.ImageConfig;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Task;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives a pushed layer its config, its manifest and its tag. Nothing in them depends on when or where it is done. */
final class ManifestPublication {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestPublication.class);

    /** Disk images run on no processor; this is what container runtimes on the commonest one accept. */
    private static final String ARCHITECTURE = "amd64";

    private static final String OS = "linux";
    private static final String ANNOTATION = "io.virtualimage.";

    private ManifestPublication() {}

    static void run(OciRegistry registry, PublicNames names, Task.PublishManifest task, TaskContext context)
            throws TaskDeferredException, TaskAbandonedException, AnnouncementException, InterruptedException {
        Digest layer = Digest.parse(task.layer());
        Content content = new Content(
                new Descriptor(MediaTypes.OCI_LAYER, layer, task.layerBytes()),
                layer, // it is not compressed, so its digest is that of its content too
                task.format(),
                task.cdrom(),
                task.storedBytes(),
                task.unpackedBytes());
        publish(registry, names, task, content, context);
    }

    /**
     * What an image holds.
     *
     * @param layer in the image's own repository already
     * @param diffId digest of the layer once it is unpacked
     */
    record Content(
            Descriptor layer, Digest diffId, ImageFormat format, boolean cdrom, long storedBytes, long unpackedBytes) {}

    /** Makes the image that the task is about visible, and announces it. */
    static void publish(OciRegistry registry, PublicNames names, Task task, Content content, TaskContext context)
            throws TaskDeferredException, TaskAbandonedException, AnnouncementException, InterruptedException {
        Incarnation image = task.image();
        Repository repository = names.repository(image);
        byte[] config = config(content).toJson();
        byte[] manifest = manifest(image, content.layer(), config).toJson();
        context.checkpoint();
        Digest published;
        try {
            requireLayer(registry, repository, content.layer());
            registry.pushBlob(repository, config);
            context.checkpoint(); // from here on the image is visible
            published = registry.putManifest(repository, names.tag(image), manifest, MediaTypes.OCI_MANIFEST);
        } catch (RegistryException e) {
            throw RegistryTrouble.outage(e);
        }
        context.announce(new Event.ImagePublished(
                image,
                task.epoch(),
                names.url(image),
                published.toString(),
                content.layer().digest().toString(),
                content.layer().lengthBytes(),
                content.format(),
                content.cdrom(),
                content.storedBytes(),
                content.unpackedBytes(),
                null));
        LOG.atInfo()
                .addKeyValue("namespace", image.namespace())
                .addKeyValue("name", image.name())
                .addKeyValue("uid", image.uid())
                .addKeyValue("generation", image.generation())
                .addKeyValue("url", names.url(image))
                .addKeyValue("manifest", published)
                .log("image published");
    }

    private static void requireLayer(OciRegistry registry, Repository repository, Descriptor layer)
            throws RegistryException, TaskDeferredException {
        OptionalLong length = registry.headBlob(repository, layer.digest());
        if (!length.equals(OptionalLong.of(layer.lengthBytes()))) {
            throw RegistryTrouble.outage(
                    "the registry %s the layer %s that was pushed to %s"
                            .formatted(
                                    length.isEmpty() ? "has lost" : "has another length for",
                                    layer.digest(),
                                    repository),
                    Duration.ZERO,
                    null);
        }
    }

    private static ImageConfig config(Content content) {
        Map<String, String> labels = Map.of(
                "source-image-size", Long.toString(content.storedBytes()),
                "source-image-virtual-size", Long.toString(content.unpackedBytes()),
                "source-image-format", content.format().wireName());
        return new ImageConfig(ARCHITECTURE, OS, labels, List.of(content.diffId()));
    }

    /** With the incarnation in it: were a manifest shared, deleting one image by digest would take the other's tag. */
    private static ImageManifest manifest(Incarnation image, Descriptor layer, byte[] config) {
        Map<String, String> annotations = Map.of(
                ANNOTATION + "namespace", image.namespace(),
                ANNOTATION + "name", image.name(),
                ANNOTATION + "uid", image.uid(),
                ANNOTATION + "generation", Long.toString(image.generation()),
                ANNOTATION + "run", Long.toString(image.run()));
        return new ImageManifest(Descriptor.of(MediaTypes.OCI_CONFIG, config), List.of(layer), annotations);
    }
}
