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
        Incarnation image = task.image();
        Repository repository = names.repository(image);
        Digest layer = Digest.parse(task.layer());
        byte[] config = config(task, layer).toJson();
        byte[] manifest = manifest(task, layer, config).toJson();
        context.checkpoint();
        Digest published;
        try {
            requireLayer(registry, repository, task, layer);
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
                task.layer(),
                task.layerBytes(),
                task.format(),
                task.cdrom(),
                task.storedBytes(),
                task.unpackedBytes(),
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

    private static void requireLayer(
            OciRegistry registry, Repository repository, Task.PublishManifest task, Digest layer)
            throws RegistryException, TaskDeferredException {
        OptionalLong length = registry.headBlob(repository, layer);
        if (!length.equals(OptionalLong.of(task.layerBytes()))) {
            throw RegistryTrouble.outage(
                    "the registry %s the layer %s that was pushed to %s"
                            .formatted(length.isEmpty() ? "has lost" : "has another length for", layer, repository),
                    Duration.ZERO,
                    null);
        }
    }

    private static ImageConfig config(Task.PublishManifest task, Digest layer) {
        Map<String, String> labels = Map.of(
                "source-image-size", Long.toString(task.storedBytes()),
                "source-image-virtual-size", Long.toString(task.unpackedBytes()),
                "source-image-format", task.format().wireName());
        // The layer is not compressed, so its digest is that of its content too.
        return new ImageConfig(ARCHITECTURE, OS, labels, List.of(layer));
    }

    /** With the incarnation in it: were a manifest shared, deleting one image by digest would take the other's tag. */
    private static ImageManifest manifest(Task.PublishManifest task, Digest layer, byte[] config) {
        Incarnation image = task.image();
        Map<String, String> annotations = Map.of(
                ANNOTATION + "namespace", image.namespace(),
                ANNOTATION + "name", image.name(),
                ANNOTATION + "uid", image.uid(),
                ANNOTATION + "generation", Long.toString(image.generation()),
                ANNOTATION + "run", Long.toString(image.run()));
        return new ImageManifest(
                Descriptor.of(MediaTypes.OCI_CONFIG, config),
                List.of(new Descriptor(MediaTypes.OCI_LAYER, layer, task.layerBytes())),
                annotations);
    }
}
