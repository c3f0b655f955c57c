package io.virtualimage.publisher;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.publisher.care.NoAnswerException;
import io.virtualimage.publisher.care.Place;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Incarnation;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * The registry that images are published to. Something is missing only if the registry answers that it doesn't have it, or
 * names another digest; and if it answers as a registry besides: a proxy without one behind it also says 404.
 */
public final class RegistryPlace implements Place {
    private final OciRegistry registry;
    private final PublicNames names;

    public RegistryPlace(OciRegistry registry, PublicNames names) {
        this.registry = registry;
        this.names = names;
    }

    @Override
    public Optional<String> missing(ImagePublished published) throws NoAnswerException, InterruptedException {
        String url = published.registryUrl();
        if (url == null) {
            throw new IllegalArgumentException(published.image().publicName() + " is not in the registry");
        }
        String host = names.registry() + "/";
        int colon = url.lastIndexOf(':');
        if (!url.startsWith(host) || colon < host.length()) {
            throw new NoAnswerException(
                    "%s is in another registry than %s, where images are published now (REGISTRY)"
                            .formatted(url, names.registry()),
                    null);
        }
        Repository repository = new Repository(url.substring(host.length(), colon));
        try {
            Tag tag = new Tag(url.substring(colon + 1));
            if (look(repository, tag, published, url).isEmpty()) {
                return Optional.empty();
            }
            // A proxy that doesn't know its registry yet says 404 too: only what a registry says counts.
            registry.checkApi();
            return look(repository, tag, published, url);
        } catch (RegistryException e) {
            throw noAnswer(e);
        }
    }

    private Optional<String> look(Repository repository, Tag tag, ImagePublished published, String url)
            throws RegistryException {
        String manifest = Objects.requireNonNull(published.manifest());
        Digest layer = Digest.parse(Objects.requireNonNull(published.layer()));
        Optional<String> missing = missingManifest(repository, tag, url, manifest);
        return missing.isPresent() ? missing : missingLayer(repository, url, layer, published.layerBytes());
    }

    private Optional<String> missingManifest(Repository repository, Tag tag, String url, String digest)
            throws RegistryException {
        Optional<Descriptor> there = registry.headManifest(repository, tag);
        if (there.isEmpty()) {
            return Optional.of("The registry does not have the manifest of %s (%s) any more.".formatted(url, digest));
        }
        Digest found = there.get().digest();
        return found.equals(Digest.parse(digest))
                ? Optional.empty()
                : Optional.of("The registry has another manifest under %s: %s, where %s was published."
                        .formatted(url, found, digest));
    }

    private Optional<String> missingLayer(Repository repository, String url, Digest layer, long lengthBytes)
            throws RegistryException {
        OptionalLong length = registry.headBlob(repository, layer);
        if (length.isEmpty()) {
            return Optional.of("The registry does not have the layer of %s (%s) any more.".formatted(url, layer));
        }
        return length.getAsLong() == lengthBytes
                ? Optional.empty()
                : Optional.of("The layer of %s (%s) has %d bytes in the registry, where %d were pushed."
                        .formatted(url, layer, length.getAsLong(), lengthBytes));
    }

    @Override
    public void sweep(Incarnation image, Predicate<Incarnation> goes) throws NoAnswerException, InterruptedException {
        try {
            ImageRemoval.removeTags(registry, names, image, goes);
        } catch (RegistryException e) {
            throw noAnswer(e);
        }
    }

    private static NoAnswerException noAnswer(RegistryException e) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        return new NoAnswerException(String.valueOf(e.getMessage()), e);
    }
}
