package io.virtualimage.k8s;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.File;
import java.util.Optional;

/** Opens connections to the API server. */
public final class KubernetesConnection {
    /** More retries would keep a caller waiting who has better things to do, or a back-off of its own. */
    private static final int RETRIES = 1;

    private KubernetesConnection() {}

    /**
     * A client of one's own, to be closed by the caller. Nothing is asked yet.
     *
     * @param kubeconfig path of a kubeconfig; empty for what the environment offers, such as the pod's service account
     */
    public static KubernetesClient open(Optional<String> kubeconfig) {
        Config config = kubeconfig
                .map(path -> Config.fromKubeconfig(new File(path)))
                .orElseGet(() -> Config.autoConfigure(null));
        config.setRequestRetryBackoffLimit(RETRIES);
        return new KubernetesClientBuilder().withConfig(config).build();
    }
}
