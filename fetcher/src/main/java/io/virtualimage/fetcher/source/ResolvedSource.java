package io.virtualimage.fetcher.source;

import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.ImageReference;
import io.virtualimage.topics.LayerEntry;
import java.net.URI;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** All that is needed to read a source, secrets included: it never leaves the process. Its string form hides them. */
public sealed interface ResolvedSource {
    /** What the source is called where others see it: without any secret. */
    String publicName();

    /** PEM certificates to trust besides the system's; null if there are none. */
    @Nullable
    String caBundle();

    /** Where in the spec the certificates come from, for messages. */
    String bundleField();

    /**
     * The same source, whose bytes are those of one file of a container image's layer.
     *
     * @param entry null for sources that are no container images
     * @param lengthBytes the file's; null only if {@code entry} is
     */
    default ResolvedSource at(@Nullable LayerEntry entry, @Nullable Long lengthBytes) {
        if (entry == null) {
            return this;
        }
        return switch (this) {
            case Http http -> throw new IllegalArgumentException(http + " is no container image");
            case ContainerImage image ->
                new ContainerImage(
                        image.reference(),
                        image.endpoint(),
                        image.credentials(),
                        image.caBundle(),
                        new LayerPiece(entry, Objects.requireNonNull(lengthBytes, "of a file in a layer")));
        };
    }

    /**
     * A file on an HTTP server.
     *
     * @param url http or https; may carry credentials in the userinfo and the query
     */
    record Http(String url, @Nullable String caBundle) implements ResolvedSource {
        public Http {
            if (!url.startsWith("http://") && !url.startsWith("https://")) {
                throw new IllegalArgumentException("not an http or https URL: " + redact(url));
            }
        }

        /** The URL without userinfo, query and fragment. */
        @Override
        public String publicName() {
            return redact(url);
        }

        @Override
        public String bundleField() {
            return "dataSource.http.caBundle";
        }

        private static String redact(String url) {
            String base = url.replaceFirst("(?s)[?#].*", "");
            int authority = base.indexOf("//") + 2;
            int path = base.indexOf('/', authority);
            int end = path < 0 ? base.length() : path;
            int at = base.lastIndexOf('@', end);
            return at < authority ? base : base.substring(0, authority) + base.substring(at + 1);
        }

        @Override
        public String toString() {
            return "Http[" + publicName() + "]";
        }
    }

    /**
     * The disk of a container image.
     *
     * @param endpoint of the registry's API
     * @param credentials null for none
     * @param file which bytes of which layer; null before the image was searched
     */
    record ContainerImage(
            ImageReference reference,
            URI endpoint,
            @Nullable Credentials credentials,
            @Nullable String caBundle,
            @Nullable LayerPiece file)
            implements ResolvedSource {
        @Override
        public String publicName() {
            return reference.toString();
        }

        @Override
        public String bundleField() {
            return "dataSource.containerImage.caBundle";
        }

        @Override
        public String toString() {
            return "ContainerImage[" + reference + (file == null ? "" : ", " + file) + "]";
        }
    }

    /** A file in a layer. */
    record LayerPiece(LayerEntry entry, long lengthBytes) {
        public LayerPiece {
            boolean beyond = entry.compression() == null && lengthBytes > entry.layerBytes() - entry.offsetBytes();
            if (lengthBytes < 0 || beyond) {
                throw new IllegalArgumentException("%d bytes of %s".formatted(lengthBytes, entry));
            }
        }
    }
}
