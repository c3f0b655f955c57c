package io.virtualimage.publisher;

import io.virtualimage.oci.DeleteNotAllowedException;
import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.publisher.volume.VolumeFilling;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Task;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes tags back, each with its manifest, and claims. Layers go when the registry collects its garbage. Touches only what is
 * named, or labelled, after versions of the image up to the task's own, so it is right at any time, and any number of times.
 */
final class ImageRemoval {
    private static final Logger LOG = LoggerFactory.getLogger(ImageRemoval.class);

    private ImageRemoval() {}

    /** @param volumes null if nothing is set up to fill volumes, so that there are none */
    static void run(
            OciRegistry registry,
            PublicNames names,
            @Nullable VolumeFilling volumes,
            Task.RemoveImage task,
            TaskContext context)
            throws TaskDeferredException, TaskAbandonedException, AnnouncementException, InterruptedException {
        Incarnation image = task.image();
        Repository repository = names.repository(image);
        try {
            for (Tag tag : registry.listTags(repository)) {
                if (PublicNames.version(image, tag)
                        .filter(version -> goes(version, task))
                        .isPresent()) {
                    context.checkpoint();
                    remove(registry, repository, tag, image);
                }
            }
        } catch (RegistryException e) {
            throw RegistryTrouble.outage(e);
        }
        if (volumes != null) {
            context.checkpoint();
            volumes.remove(image, version -> goes(version, task));
        }
        context.announce(new Event.ImageRemoved(image, task.keepCurrent() ? image : null));
    }

    private static boolean goes(Incarnation version, Task.RemoveImage task) {
        Incarnation image = task.image();
        return !version.isAfter(image) && !(task.keepCurrent() && version.equals(image));
    }

    /** Removes what one version was published as, if it was. */
    static void removeVersion(OciRegistry registry, PublicNames names, Incarnation image)
            throws TaskDeferredException, InterruptedException {
        try {
            remove(registry, names.repository(image), names.tag(image), image);
        } catch (RegistryException e) {
            throw RegistryTrouble.outage(e);
        }
    }

    private static void remove(OciRegistry registry, Repository repository, Tag tag, Incarnation image)
            throws RegistryException {
        try {
            Optional<Descriptor> manifest = registry.headManifest(repository, tag);
            if (manifest.isPresent()) {
                registry.deleteManifest(repository, manifest.get().digest());
            }
        } catch (DeleteNotAllowedException e) {
            // Nobody but the registry's administrator can mend that; the VirtualImage must not hang for it.
            LOG.atWarn()
                    .addKeyValue("namespace", image.namespace())
                    .addKeyValue("name", image.name())
                    .addKeyValue("uid", image.uid())
                    .addKeyValue("generation", image.generation())
                    .addKeyValue("tag", tag)
                    .addKeyValue("answer", e.getMessage())
                    .log("tag stays: the registry does not allow deletion");
        }
    }
}
