package io.virtualimage.statuswriter;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.k8s.KubernetesConnection;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.topics.Topic;
import java.util.Optional;

/** The service: derives the status of every image, and brings it to Kubernetes. */
public final class StatusWriter {
    private static final String APPLIERS = "virtualimage-status-writer-apply";

    private StatusWriter() {}

    /**
     * Starts it; it ends with the runtime. Reads the settings {@code KUBECONFIG} and {@code STATUS_WRITES_PER_SECOND} (of
     * this replica; 200).
     *
     * @throws IllegalStateException if a setting is malformed
     */
    public static void start(StageRuntime runtime, Settings settings) {
        int writesPerSecond = settings.number("STATUS_WRITES_PER_SECOND", 200, 1, 100_000);
        Optional<String> kubeconfig = settings.optional("KUBECONFIG");
        settings.check();
        KubernetesClient client = runtime.keep(KubernetesConnection.open(kubeconfig));
        ImageApi api = new ClusterImageApi(client, runtime.replica());
        Pace pace = Pace.perSecond(writesPerSecond);
        runtime.host(new StatusFold());
        runtime.consume(APPLIERS, Topic.STATUS, new StatusApplier(api, pace, runtime.clock()));
    }
}
