package io.virtualimage.watcher;

import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.topics.ChecksumAlgorithm;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Storage;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a spec comes to, without anything that must not be on a topic. */
sealed interface SpecReading {
    /** It can be worked on. */
    record Workable(DataSource source, Storage storage) implements SpecReading {}

    /** It can't, as things are; the message is for the user. */
    record Unsupported(String message) implements SpecReading {}

    /** Reads a spec. Never throws: the API server has checked it, and what it let through is said to the user. */
    static SpecReading of(VirtualImageSpec spec) {
        io.virtualimage.k8s.Storage storage = spec.storage();
        if (storage != io.virtualimage.k8s.Storage.CONTAINER_REGISTRY) {
            return new Unsupported("Storage %s is not supported yet; ContainerRegistry is."
                    .formatted(storage == null ? "of this kind" : storage.wire()));
        }
        return spec.origin()
                .map(SpecReading::of)
                .orElseGet(() -> new Unsupported("A data source of this type is not supported yet; HTTP is."));
    }

    private static SpecReading of(Origin origin) {
        return switch (origin) {
            case Origin.Http http -> of(http);
            case Origin.ContainerImage image ->
                new Workable(
                        new DataSource.ContainerImage(image.image(), image.pullSecretName(), image.caBundle() != null),
                        Storage.CONTAINER_REGISTRY);
            case Origin.ObjectRef ignored -> unsupportedType("ObjectRef");
            case Origin.Upload ignored -> unsupportedType("Upload");
        };
    }

    private static SpecReading unsupportedType(String type) {
        return new Unsupported("Data source %s is not supported yet; HTTP is.".formatted(type));
    }

    private static SpecReading of(Origin.Http http) {
        String visible = withoutSecrets(http.url());
        boolean partial = !visible.equals(http.url()) || http.caBundle() != null;
        try {
            return new Workable(
                    new DataSource.Http(visible, partial, checksums(http.checksum())), Storage.CONTAINER_REGISTRY);
        } catch (IllegalArgumentException e) {
            return new Unsupported("The data source is not supported: " + e.getMessage());
        }
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
