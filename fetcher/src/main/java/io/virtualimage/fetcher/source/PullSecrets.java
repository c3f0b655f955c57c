package io.virtualimage.fetcher.source;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.DockerConfig;
import io.virtualimage.oci.ImageReference;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.FailureReason;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads registry credentials from Secrets, each time anew: what was read is kept no longer than the task that needs it.
 * No message quotes anything of a Secret but its name and type.
 *
 * @see <a href="https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets">Kubernetes, "Docker
 *     config Secrets"</a>
 */
final class PullSecrets {
    /** Where Secrets are. */
    interface Secrets {
        /**
         * The Secret of that name as it stands now; null if there is none.
         *
         * @throws KubernetesClientException if the API server can't be asked
         */
        @Nullable
        Secret get(String namespace, String name);
    }

    private static final String TYPE = "kubernetes.io/dockerconfigjson";
    private static final String KEY = ".dockerconfigjson";
    private static final String LEGACY_TYPE = "kubernetes.io/dockercfg";
    private static final String LEGACY_KEY = ".dockercfg";

    private final Secrets secrets;

    PullSecrets(Secrets secrets) {
        this.secrets = secrets;
    }

    /**
     * The credentials that a Secret has for an image; empty if it has none for that registry.
     *
     * @throws TaskDeferredException if the API server is away, or there is no such Secret: then the image is about to be
     *     blocked
     * @throws ImageFailedException if it is no Secret of the kind, or not in order
     */
    Optional<Credentials> credentials(String namespace, String name, ImageReference reference)
            throws TaskDeferredException, ImageFailedException {
        Secret secret;
        try {
            secret = secrets.get(namespace, name);
        } catch (KubernetesClientException e) {
            throw TaskDeferredException.outage(
                    "the Kubernetes API can't be asked for the Secret " + name + " in " + namespace, e);
        }
        if (secret == null) {
            throw TaskDeferredException.outage("there is no Secret " + name + " in " + namespace, null);
        }
        try {
            return read(secret, name).credentialsFor(reference);
        } catch (RegistryException e) {
            throw unusable(name, String.valueOf(e.getMessage()));
        }
    }

    private static DockerConfig read(Secret secret, String name) throws ImageFailedException, RegistryException {
        String type = String.valueOf(secret.getType());
        boolean legacy = type.equals(LEGACY_TYPE);
        if (!legacy && !type.equals(TYPE)) {
            throw unusable(
                    name,
                    "its type is %s, and has to be %s (kubectl create secret docker-registry)"
                            .formatted(ConnectionWords.plain(type), TYPE));
        }
        String key = legacy ? LEGACY_KEY : KEY;
        Map<String, String> data = secret.getData();
        String encoded = data == null ? null : data.get(key);
        if (encoded == null) {
            throw unusable(name, "it has no key " + key);
        }
        byte[] json;
        try {
            json = Base64.getDecoder().decode(encoded);
        } catch (IllegalArgumentException e) {
            throw unusable(name, "its key " + key + " is not in base64"); // the cause would quote it
        }
        return legacy ? DockerConfig.parseLegacy(json) : DockerConfig.parse(json);
    }

    private static ImageFailedException unusable(String name, String why) {
        return new ImageFailedException(
                FailureReason.SOURCE_REFUSED,
                "the Secret %s, of dataSource.containerImage.imagePullSecret, can't be used: %s".formatted(name, why),
                null);
    }
}
