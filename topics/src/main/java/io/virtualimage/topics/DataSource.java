package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.jspecify.annotations.Nullable;

/** Where an image comes from, without any secret: what must stay hidden is read from the VirtualImage by the worker. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = DataSource.Http.class, name = "HTTP"),
    @JsonSubTypes.Type(value = DataSource.ContainerImage.class, name = "ContainerImage"),
    @JsonSubTypes.Type(value = DataSource.Upload.class, name = "Upload"),
    @JsonSubTypes.Type(value = DataSource.PublishedImage.class, name = "PublishedImage"),
    @JsonSubTypes.Type(value = DataSource.Volume.class, name = "Volume")
})
public sealed interface DataSource {

    /** The checksums that the source's bytes must have, all of them. */
    Checksums checksums();

    /**
     * A file on an HTTP server.
     *
     * @param url without userinfo, query and fragment
     * @param partial whether the VirtualImage holds more than this event may say (userinfo, query, a CA bundle): the
     *     worker then reads it there, and drops the task if the generation has moved on
     */
    record Http(String url, boolean partial, Checksums checksums) implements DataSource {
        public Http {
            if (!url.startsWith("http://") && !url.startsWith("https://")) {
                throw new IllegalArgumentException("not an http or https URL: " + url);
            }
            if (url.indexOf('?') >= 0 || url.indexOf('#') >= 0 || hasUserInfo(url)) {
                throw new IllegalArgumentException("a URL on a topic has no userinfo, query or fragment");
            }
        }

        private static boolean hasUserInfo(String url) {
            int authority = url.indexOf("//") + 2;
            int path = url.indexOf('/', authority);
            return url.substring(authority, path < 0 ? url.length() : path).indexOf('@') >= 0;
        }
    }

    /**
     * The file in the folder {@code /disk} of a container image.
     *
     * @param image an OCI reference, as the user wrote it
     * @param pullSecret name of the Secret with the registry's credentials, in the image's namespace; null if there is
     *     none
     * @param partial whether the VirtualImage holds more than this event says (a CA bundle)
     */
    record ContainerImage(String image, @Nullable String pullSecret, boolean partial) implements DataSource {
        @Override
        @JsonIgnore
        public Checksums checksums() {
            return Checksums.NONE;
        }
    }

    /** What a user sends to the image's upload address. */
    record Upload(Checksums checksums) implements DataSource {}

    /**
     * An image that is published in our own registry already: another object's.
     *
     * @param kind of the object
     * @param name of the object
     * @param registryUrl {@code registry/repository:tag}
     * @param format what the object's source was found to be
     * @param storedBytes length of the object's source file
     * @param unpackedBytes the size that a guest sees
     */
    record PublishedImage(
            ObjectKind kind,
            String name,
            String registryUrl,
            ImageFormat format,
            boolean cdrom,
            long storedBytes,
            long unpackedBytes)
            implements DataSource {
        @Override
        @JsonIgnore
        public Checksums checksums() {
            return Checksums.NONE;
        }
    }

    /**
     * A disk on a PersistentVolumeClaim of the image's namespace: another object's. One of the two is set.
     *
     * @param kind of the object
     * @param name of the object
     * @param claim the claim that holds the disk
     * @param volumeSnapshot the VolumeSnapshot that such a claim is to be made from first
     */
    record Volume(
            ObjectKind kind,
            String name,
            @Nullable String claim,
            @Nullable String volumeSnapshot) implements DataSource {
        public Volume {
            if ((claim == null) == (volumeSnapshot == null)) {
                throw new IllegalArgumentException(
                        "a volume is a claim or a snapshot: " + claim + ", " + volumeSnapshot);
            }
        }

        @Override
        @JsonIgnore
        public Checksums checksums() {
            return Checksums.NONE;
        }
    }
}
