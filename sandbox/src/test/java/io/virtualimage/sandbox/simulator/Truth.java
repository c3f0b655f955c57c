package io.virtualimage.sandbox.simulator;

import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.Manifest;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.publisher.PublicNames;
import io.virtualimage.topics.Event.ImageLost;
import io.virtualimage.topics.Event.Request;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What users asked for and what their sources held: against this everything visible is compared, the moment that it
 * becomes visible.
 */
final class Truth {
    /**
     * One spec of an image.
     *
     * @param sha256 the requested checksum; null if none was
     */
    record Wish(long generation, SourceFile file, @Nullable String sha256, Content content, long sinceMillis) {}

    static final class Image {
        private final String name;
        private final String uid;
        private final List<Wish> wishes = new ArrayList<>();
        private int retries;
        private boolean deleted;

        private Image(String name, String uid) {
            this.name = name;
            this.uid = uid;
        }

        String uid() {
            return uid;
        }

        List<Wish> wishes() {
            return wishes;
        }

        boolean deleted() {
            return deleted;
        }

        int retries() {
            return retries;
        }

        Wish wish(long generation) {
            return wishes.stream()
                    .filter(wish -> wish.generation() == generation)
                    .findFirst()
                    .orElseThrow(() -> new BrokenInvariantError(uid + " never had generation " + generation));
        }
    }

    private final InMemoryRegistry registry;
    private final PublicNames names;
    private final Map<String, Image> images = new TreeMap<>();
    private final Map<String, KubeApi.Version> shown = new HashMap<>();
    private final Set<String> stolen = new HashSet<>();

    /** The highest run of each image, over all of its generations: a status does not tell which run it speaks of. */
    private final Map<String, Long> runs = new HashMap<>();

    Truth(InMemoryRegistry registry, PublicNames names) {
        this.registry = registry;
        this.names = names;
    }

    Image image(String name, String uid) {
        return images.computeIfAbsent(uid, key -> new Image(name, key));
    }

    List<Image> images() {
        return List.copyOf(images.values());
    }

    void wished(Image image, Wish wish) {
        image.wishes.add(wish);
    }

    void retried(Image image) {
        image.retries++;
    }

    void deleted(Image image) {
        image.deleted = true;
    }

    /** A version of each image there ever was. */
    List<Incarnation> anyVersions() {
        return images.values().stream()
                .map(image -> new Incarnation("default", image.name, image.uid, 1, 0))
                .toList();
    }

    // ---- the registry

    /** Somebody takes a tag away who has no business with it: for a while it may be missing where it should be. */
    void stolen(Repository repository, Tag tag) {
        stolen.add(repository + ":" + tag);
    }

    /** Invariant 1, first half: what a tag shows is one version of the source that its incarnation named. */
    void tagged(Repository repository, Tag tag) {
        for (Image image : images.values()) {
            Incarnation any = new Incarnation("default", image.name, image.uid, 1, 0);
            Optional<Incarnation> version = PublicNames.version(any, tag);
            if (version.isPresent() && names.repository(any).equals(repository)) {
                Wish wish = image.wish(version.get().generation());
                byte[] bytes = bytesOf(repository, tag);
                if (!isSome(wish, bytes)) {
                    throw new BrokenInvariantError("%s:%s shows %d bytes that %s never held, or not with that checksum"
                            .formatted(repository, tag, bytes.length, wish.file()));
                }
                return;
            }
        }
        throw new BrokenInvariantError("nobody asked for " + repository + ":" + tag);
    }

    private static boolean isSome(Wish wish, byte[] bytes) {
        return wish.file().versions().stream()
                .filter(version -> version.existedSince(wish.sinceMillis()))
                .filter(version ->
                        wish.sha256() == null || sha256(version.bytes()).equals(wish.sha256()))
                .anyMatch(version -> wish.content().isPublishedAs(version.bytes(), bytes));
    }

    static String sha256(byte[] bytes) {
        return Digest.sha256(bytes).hex();
    }

    /** The file {@code disk/…} that a container runtime finds behind a tag. */
    private byte[] bytesOf(Repository repository, Tag tag) {
        try {
            var fetched = registry.getManifest(repository, tag);
            ImageManifest manifest = (ImageManifest)
                    Manifest.parse(fetched.bytes(), fetched.descriptor().mediaType());
            Digest layer = manifest.layers().getFirst().digest();
            return Tar.fileUnder(
                    "disk/", registry.openBlob(repository, layer, 0).readAllBytes());
        } catch (java.io.IOException e) {
            throw new BrokenInvariantError(repository + ":" + tag + " can't be pulled", e);
        }
    }

    boolean isTagged(Repository repository, Tag tag) {
        try {
            return registry.headManifest(repository, tag).isPresent();
        } catch (RuntimeException e) {
            throw new BrokenInvariantError("the registry broke", e);
        }
    }

    /** The tag that the image shows, if it is Ready and was never retried: a status doesn't tell which run it speaks of. */
    Optional<String> shownTag(Image image) {
        return Optional.ofNullable(shown.get(image.uid))
                .map(KubeApi.Version::status)
                .filter(status -> status.phase() == Phase.READY && runs.getOrDefault(image.uid, 0L) == 0)
                .map(VirtualImageStatus::target)
                .map(target -> String.valueOf(target.registryURL()))
                .map(url -> url.substring(url.lastIndexOf(':') + 1));
    }

    /** What a machine that began with this tag can still read. */
    void usable(Image image, String tag) {
        Repository repository = names.repository(new Incarnation("default", image.name, image.uid, 1, 0));
        if (runs.getOrDefault(image.uid, 0L) == 0
                && !isTagged(repository, new Tag(tag))
                && !stolen.contains(repository + ":" + tag)) {
            throw new BrokenInvariantError(repository + ":" + tag + " was removed, although it is used");
        }
    }

    /** Only what was stolen is lost, or what goes because it is not wanted any more. */
    void lost(ImageLost loss) {
        Incarnation version = loss.image();
        Image image = images.get(version.uid());
        boolean current = !image.deleted
                && image.wishes.getLast().generation() == version.generation()
                && runs.getOrDefault(version.uid(), 0L) == version.run();
        String tag = names.repository(version) + ":" + names.tag(version);
        if (current && !stolen.contains(tag)) {
            throw new BrokenInvariantError(
                    "%s is said to be lost (%s), but nobody took it".formatted(tag, loss.message()));
        }
    }

    // ---- Kubernetes

    /** Invariants 1 and 4, as users see them. */
    void changed(KubeApi.Version version) {
        KubeApi.Version before = shown.put(version.uid(), version);
        VirtualImageStatus status = version.status();
        VirtualImageStatus old = before == null ? null : before.status();
        if (status == null || status.equals(old)) {
            return;
        }
        if (status.phase() == Phase.READY) {
            ready(version, status);
        }
        boolean same =
                before != null && old != null && Objects.equals(old.observedGeneration(), status.observedGeneration());
        if (same && runs.getOrDefault(version.uid(), 0L) == 0) {
            forward(version, old, status);
        }
    }

    private void ready(KubeApi.Version version, VirtualImageStatus status) {
        Image image = images.get(version.uid());
        if (version.deleting() || status.observedGeneration() != version.generation()) {
            throw new BrokenInvariantError("%s became Ready for generation %d, but generation %d is wanted%s"
                    .formatted(
                            version.name(),
                            status.observedGeneration(),
                            version.generation(),
                            version.deleting() ? " to be deleted" : ""));
        }
        String url =
                status.target() == null ? "" : String.valueOf(status.target().registryURL());
        String tag = url.substring(url.lastIndexOf(':') + 1);
        Incarnation any = new Incarnation("default", image.name, image.uid, 1, 0);
        Incarnation shows = PublicNames.version(any, new Tag(tag))
                .orElseThrow(() -> new BrokenInvariantError(url + " is no tag of " + version.name()));
        if (shows.generation() != version.generation()) {
            throw new BrokenInvariantError(
                    "%s of generation %d shows %s".formatted(version.name(), version.generation(), url));
        }
        if (runs.getOrDefault(version.uid(), 0L) == 0
                && !isTagged(names.repository(any), new Tag(tag))
                && !stolen.contains(names.repository(any) + ":" + tag)) {
            throw new BrokenInvariantError(version.name() + " is Ready, but there is no " + url);
        }
        if (isTagged(names.repository(any), new Tag(tag))
                && !isSome(image.wish(version.generation()), bytesOf(names.repository(any), new Tag(tag)))) {
            throw new BrokenInvariantError(version.name() + " is Ready with other bytes than its source's");
        }
    }

    private static void forward(KubeApi.Version version, VirtualImageStatus old, VirtualImageStatus status) {
        Phase from = old.phase();
        Phase to = status.phase();
        boolean backwards = switch (Objects.requireNonNull(from)) {
            case READY -> to != Phase.READY && to != Phase.TERMINATING && to != Phase.IMAGE_LOST;
            case TERMINATING -> to != Phase.TERMINATING;
            // From Failed back and forth for a moment: a status-writer that takes over may not know yet what was said.
            case FAILED, PROVISIONING, PENDING, WAIT_FOR_USER_UPLOAD, IMAGE_LOST, PVC_LOST -> false;
        };
        if (backwards) {
            throw new BrokenInvariantError("%s went from %s back to %s".formatted(version.name(), from, to));
        }
        if (from == Phase.PROVISIONING && to == Phase.PROVISIONING && percent(status) < percent(old)) {
            throw new BrokenInvariantError(
                    "%s went from %s back to %s".formatted(version.name(), old.progress(), status.progress()));
        }
    }

    private static double percent(VirtualImageStatus status) {
        String progress = status.progress();
        return progress == null ? 0 : new BigDecimal(progress.replace("%", "")).doubleValue();
    }

    // ---- failures

    /** Something was asked of the pipeline. */
    void requested(Request request) {
        runs.merge(request.image().uid(), request.image().run(), Math::max);
    }

    /** Invariant 6 as far as it goes here: a failure has a true reason. */
    void failed(StageFailed failure) {
        Image image = images.get(failure.image().uid());
        Wish wish = image.wish(failure.image().generation());
        if (!trueReasons(wish).contains(failure.reason())) {
            throw new BrokenInvariantError("%s failed with %s (%s), which is not so"
                    .formatted(image.name, failure.reason(), failure.message()));
        }
    }

    /** What may be said against a source; empty if there is no reason why the image should not become Ready. */
    Set<FailureReason> trueReasons(Wish wish) {
        SourceFile file = wish.file();
        List<SourceFile.Version> seen = file.versions().stream()
                .filter(version -> version.existedSince(wish.sinceMillis()))
                .toList();
        Set<FailureReason> reasons = EnumSet.noneOf(FailureReason.class);
        if (file.refused()) {
            reasons.add(FailureReason.SOURCE_REFUSED);
        }
        if (file.wasUnavailable()) {
            reasons.add(FailureReason.SOURCE_UNAVAILABLE);
        }
        if (file.wasUnavailable() || file.wasCut()) {
            reasons.add(FailureReason.SOURCE_TRUNCATED);
        }
        if (seen.size() > 1) {
            reasons.add(FailureReason.SOURCE_CHANGING);
        }
        String sha256 = wish.sha256();
        if (sha256 != null
                && seen.stream().anyMatch(version -> !sha256(version.bytes()).equals(sha256))) {
            reasons.add(FailureReason.CHECKSUM_MISMATCH);
        }
        switch (wish.content()) {
            case QCOW2, RAW, VMDK, PACKED_RAW, PACKED_QCOW2 -> {}
            case TEXT -> reasons.add(FailureReason.NOT_AN_IMAGE);
            case BROKEN_QCOW2 -> {
                reasons.add(FailureReason.NOT_AN_IMAGE); // its first byte alone
                reasons.add(FailureReason.IMAGE_MALFORMED);
                reasons.add(FailureReason.IMAGE_UNSUPPORTED);
            }
        }
        return reasons;
    }

    // ---- the end

    /**
     * The objects that are not what they should be in the end.
     *
     * @param beliefs what else to say of an image
     */
    List<String> unsettled(KubeApi api, UnaryOperator<String> beliefs) {
        List<String> unsettled = new ArrayList<>();
        for (Image image : images.values()) {
            Optional<KubeApi.Version> object = api.get(image.uid);
            if (image.deleted) {
                object.ifPresent(left -> unsettled.add(left.name() + " (" + image.uid
                        + ") is deleted, but still there: " + brief(left.status()) + beliefs.apply(image.uid)));
            } else if (object.isPresent()) {
                VirtualImageStatus status = object.get().status();
                boolean settled = status != null
                        && Objects.equals(
                                status.observedGeneration(), object.get().generation())
                        && (status.phase() == Phase.READY || status.phase() == Phase.FAILED);
                if (!settled) {
                    unsettled.add(image.name + " (" + image.uid + ") of generation "
                            + object.get().generation() + " is neither Ready nor Failed: " + brief(status)
                            + beliefs.apply(image.uid));
                }
            }
        }
        return unsettled;
    }

    /** Invariant 2: what sources gave more often than their readers were killed. */
    List<String> rereadings(int segmentBytes) {
        List<String> wrong = new ArrayList<>();
        for (Image image : images.values()) {
            for (Wish wish : image.wishes) {
                if (wish.file().servedTooMuch(1 + image.retries, segmentBytes)) {
                    wrong.add(image.uid + ": " + wish.file().account());
                }
            }
        }
        return wrong;
    }

    private static String brief(@Nullable VirtualImageStatus status) {
        return status == null
                ? "no status"
                : status.phase() + " " + status.progress() + " of " + status.observedGeneration();
    }

    /** What of images that are Ready can't be pulled, and what is tagged though no image shows it. */
    List<String> wrongTags(KubeApi api) {
        List<String> wrong = new ArrayList<>();
        for (Image image : images.values()) {
            Incarnation any = new Incarnation("default", image.name, image.uid, 1, 0);
            Repository repository = names.repository(any);
            String shown = api.get(image.uid)
                    .map(KubeApi.Version::status)
                    .filter(status -> status.phase() == Phase.READY)
                    .map(VirtualImageStatus::target)
                    .map(target -> String.valueOf(target.registryURL()))
                    .map(url -> url.substring(url.lastIndexOf(':') + 1))
                    .orElse("");
            for (Tag tag : registry.listTags(repository)) {
                if (PublicNames.version(any, tag).isPresent() && !tag.name().equals(shown)) {
                    wrong.add(repository + ":" + tag + " is left, but is not what " + image.name + " shows: '" + shown
                            + "'");
                }
            }
            if (!shown.isEmpty() && !isTagged(repository, new Tag(shown))) {
                wrong.add(image.name + " shows " + shown + ", which is not there");
            }
        }
        return wrong;
    }
}
