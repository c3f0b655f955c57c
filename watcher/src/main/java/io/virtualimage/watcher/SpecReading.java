package io.virtualimage.watcher;

import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.topics.ChecksumAlgorithm;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Storage;
import java.util.EnumMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a spec comes to, without anything that must not be on a topic. */
sealed interface SpecReading {
    /**
     * More lenient than the resource's definition, which an object may be older than; but nothing that looks like userinfo
     * passes.
     */
    Pattern REFERENCE = Pattern.compile("[A-Za-z0-9._:/\\[\\]-]+(?:@[A-Za-z][A-Za-z0-9+._-]*:[0-9A-Fa-f]{32,})?");

    /**
     * Where an image is to go.
     *
     * @param storageClass the class of the claim; null for the cluster's default, and in a registry
     */
    record Place(Storage storage, @Nullable String storageClass) {
        static final Place REGISTRY = new Place(Storage.CONTAINER_REGISTRY, null);

        boolean isClaim() {
            return switch (storage) {
                case CONTAINER_REGISTRY -> false;
                case PERSISTENT_VOLUME_CLAIM -> true;
            };
        }
    }

    /** It says where the bytes come from. */
    record Direct(DataSource source, Place place) implements SpecReading {}

    /** It names another object, which has to be looked at. */
    record Referring(ObjectKind kind, String name, Place place) implements SpecReading {}

    /** It can't be worked on, as things are; the message is for the user. */
    record Unsupported(String message) implements SpecReading {}

    /** Reads a spec. Never throws: the API server has checked it, and what it let through is said to the user. */
    static SpecReading of(VirtualImageSpec spec) {
        io.virtualimage.k8s.Storage storage = spec.storage();
        if (storage == null) {
            return new Unsupported(
                    "Storage of this kind is not supported; ContainerRegistry and PersistentVolumeClaim" + " are.");
        }
        Place place = storage.isClaim() ? claim(spec.persistentVolumeClaim()) : Place.REGISTRY;
        return spec.origin()
                .map(origin -> of(origin, place))
                .orElseGet(
                        () -> new Unsupported(
                                "A data source of this type is not supported; HTTP, ContainerImage, ObjectRef and Upload are."));
    }

    private static Place claim(VirtualImageSpec.@Nullable ClaimSettings settings) {
        String name = settings == null ? null : settings.storageClassName();
        return new Place(Storage.PERSISTENT_VOLUME_CLAIM, name == null || name.isEmpty() ? null : name);
    }

    private static SpecReading of(Origin origin, Place place) {
        try {
            return switch (origin) {
                case Origin.Http http -> new Direct(source(http), place);
                case Origin.ContainerImage image -> new Direct(source(image), place);
                case Origin.Upload upload -> new Direct(new DataSource.Upload(checksums(upload.checksum())), place);
                case Origin.ObjectRef(ObjectRefKind kind, String name) ->
                    kind == null
                            ? new Unsupported("An object of this kind is not supported as a data source.")
                            : new Referring(kind(kind), name, place);
            };
        } catch (IllegalArgumentException e) {
            return new Unsupported("The data source is not supported: " + e.getMessage());
        }
    }

    private static DataSource source(Origin.Http http) {
        String visible = withoutSecrets(http.url());
        boolean partial = !visible.equals(http.url()) || http.caBundle() != null;
        return new DataSource.Http(visible, partial, checksums(http.checksum()));
    }

    private static DataSource source(Origin.ContainerImage image) {
        if (!REFERENCE.matcher(image.image()).matches() || image.image().contains("//")) {
            throw new IllegalArgumentException("dataSource.containerImage.image is no reference of a container image");
        }
        return new DataSource.ContainerImage(image.image(), image.pullSecretName(), image.caBundle() != null);
    }

    private static ObjectKind kind(ObjectRefKind kind) {
        return switch (kind) {
            case VIRTUAL_IMAGE -> ObjectKind.VIRTUAL_IMAGE;
            case CLUSTER_VIRTUAL_IMAGE -> ObjectKind.CLUSTER_VIRTUAL_IMAGE;
            case VIRTUAL_DISK -> ObjectKind.VIRTUAL_DISK;
            case VIRTUAL_DISK_SNAPSHOT -> ObjectKind.VIRTUAL_DISK_SNAPSHOT;
        };
    }

    /** Without query and fragment, then without userinfo (RFC 3986, section 3): by text, as URLs may be odd. */
    private static String withoutSecrets(String url) {
        int end = url.length();
        for (char delimiter : new char[] {'?', '#'}) {
            int at = url.indexOf(delimiter);
            end = at >= 0 && at < end ? at : end;
        }
        String visible = url.substring(0, end);
        int authority = visible.indexOf("//") + 2;
        int path = visible.indexOf('/', authority);
        int userinfo = visible.substring(0, path < 0 ? visible.length() : path).lastIndexOf('@');
        return userinfo < authority ? visible : visible.substring(0, authority) + visible.substring(userinfo + 1);
    }

    private static Checksums checksums(@Nullable Checksum requested) {
        if (requested == null) {
            return Checksums.NONE;
        }
        Map<String, String> byName = requested.requested();
        Map<ChecksumAlgorithm, String> checksums = new EnumMap<>(ChecksumAlgorithm.class);
        for (ChecksumAlgorithm algorithm : ChecksumAlgorithm.values()) {
            String hex = byName.get(algorithm.wireName());
            if (hex != null) {
                checksums.put(algorithm, hex);
            }
        }
        return new Checksums(checksums);
    }
}
