package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;

/** Tells what an informer's lag brings about from what is wrong. */
final class StaleView {
    private StaleView() {}

    /** Whether the API refused something because the object is gone, changed or made already: as it should. */
    static boolean isBehind(Throwable failure) {
        return failure instanceof KubernetesClientException refused
                && (refused.getCode() == HttpURLConnection.HTTP_NOT_FOUND
                        || refused.getCode() == HttpURLConnection.HTTP_CONFLICT);
    }
}
