package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/** Where an image's bytes come from: one of the blocks of {@code spec.dataSource}. */
public sealed interface Origin {

    /**
     * A file on a web server.
     *
     * @param url http or https; may carry credentials, in the userinfo or the query
     * @param caBundle PEM in base64
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Http(
            String url, @Nullable String caBundle, @Nullable Checksum checksum) implements Origin {

        /** Without userinfo and query, as it may end in a log. */
        @Override
        public String toString() {
            return "Http[url=" + url.replaceFirst("[?].*", "?…").replaceFirst("//[^/]*@", "//…@") + ", checksum="
                    + checksum + "]";
        }
    }

    /**
     * A container image with the file in its folder {@code /disk}.
     *
     * @param image an OCI reference: domain and port (optional), path, tag (optional), digest (optional)
     * @param caBundle PEM in base64
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    record ContainerImage(
            String image,
            @Nullable PullSecret imagePullSecret,
            @Nullable String caBundle) implements Origin {

        /** Name of the Secret with the registry's credentials, in the image's namespace; null if there is none. */
        public @Nullable String pullSecretName() {
            String name = imagePullSecret == null ? null : imagePullSecret.name();
            return name == null || name.isEmpty() ? null : name;
        }
    }

    /**
     * Names the Secret with the registry's credentials.
     *
     * @param name null or empty means no Secret
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    record PullSecret(@Nullable String name) {}

    /**
     * Another object of the cluster.
     *
     * @param kind null for one that this version doesn't know
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    record ObjectRef(@Nullable ObjectRefKind kind, String name) implements Origin {}

    /** A file that is sent to the image's upload address. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Upload(@Nullable Checksum checksum) implements Origin {}
}
