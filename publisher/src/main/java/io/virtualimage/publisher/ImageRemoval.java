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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes tags back, each with its manifest, and claims. Layers go when the registry collects its garbage. Touches only what is
 * named, or labelled, after versions of the image up to the task's own, so it is right at any time, and any number of times. A registry that doesn't allow deletion
 * holds up nothing: what stays is told.
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
        Left left = new Left();
        try {
            for (Tag tag : tags(registry, names, image, version -> goes(version, task))) {
                context.checkpoint();
                remove(registry, names.repository(image), tag)
                        .ifPresent(refusal -> left.add(names.url(image, tag), refusal));
            }
        } catch (RegistryException e) {
            throw RegistryTrouble.outage(e);
        }
        if (volumes != null) {
            context.checkpoint();
            volumes.remove(image, version -> goes(version, task));
        }
        String kept = left.words();
        if (kept != null) {
            LOG.atWarn()
                    .addKeyValue("namespace", image.namespace())
                    .addKeyValue("name", image.name())
                    .addKeyValue("uid", image.uid())
                    .addKeyValue("generation", image.generation())
                    .addKeyValue("left", kept)
                    .log("not all of an image is removed");
        }
        context.announce(new Event.ImageRemoved(image, task.keepCurrent() ? image : null, kept));
    }

    /** The tags of an image's versions that are to go. */
    private static List<Tag> tags(
            OciRegistry registry, PublicNames names, Incarnation image, Predicate<Incarnation> goes)
            throws RegistryException {
        return registry.listTags(names.repository(image)).stream()
                .filter(tag -> PublicNames.version(image, tag).filter(goes).isPresent())
                .toList();
    }

    /**
     * Removes what versions of an image were published as, if they were. What the registry won't delete stays; one that
     * can't be removed now keeps no other.
     *
     * @param goes whether a version is to go
     */
    static void removeTags(OciRegistry registry, PublicNames names, Incarnation image, Predicate<Incarnation> goes)
            throws RegistryException {
        @Nullable RegistryException trouble = null;
        for (Tag tag : tags(registry, names, image, goes)) {
            try {
                var _ = remove(registry, names.repository(image), tag);
            } catch (RegistryException e) {
                if (trouble == null) {
                    trouble = e;
                } else {
                    trouble.addSuppressed(e);
                }
            }
        }
        if (trouble != null) {
            throw trouble;
        }
    }

    private static boolean goes(Incarnation version, Task.RemoveImage task) {
        Incarnation image = task.image();
        return !version.isAfter(image) && !(task.keepCurrent() && version.equals(image));
    }

    /** Removes what one version was published as, if it was. */
    static void removeVersion(OciRegistry registry, PublicNames names, Incarnation image)
            throws TaskDeferredException, InterruptedException {
        try {
            var _ = remove(registry, names.repository(image), names.tag(image));
        } catch (RegistryException e) {
            throw RegistryTrouble.outage(e);
        }
    }

    /** Returns why it stays, if the registry doesn't allow deletion. */
    private static Optional<String> remove(OciRegistry registry, Repository repository, Tag tag)
            throws RegistryException {
        try {
            Optional<Descriptor> manifest = registry.headManifest(repository, tag);
            if (manifest.isPresent()) {
                registry.deleteManifest(repository, manifest.get().digest());
            }
            return Optional.empty();
        } catch (DeleteNotAllowedException e) {
            // Nobody but the registry's administrator can mend that; the VirtualImage must not hang for it.
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** What stays though it should go. */
    private static final class Left {
        /** More would fill a screen; they differ in their versions only. */
        private static final int NAMED = 3;

        private final List<String> urls = new ArrayList<>();
        private @Nullable String refusal;

        void add(String url, String why) {
            urls.add(url);
            refusal = why;
        }

        /** For people; null if nothing does. */
        @Nullable
        String words() {
            if (urls.isEmpty()) {
                return null;
            }
            String named = String.join(", ", urls.subList(0, Math.min(urls.size(), NAMED)));
            int others = urls.size() - NAMED;
            return ("The registry keeps %s%s, because it does not allow deletion: %s. Its administrator has to allow that"
                            + " (delete.enabled in the storage section of a distribution registry, or"
                            + " REGISTRY_STORAGE_DELETE_ENABLED=true), and to delete what was kept.")
                    .formatted(named, others > 0 ? " and " + others + " more" : "", refusal);
        }
    }
}
