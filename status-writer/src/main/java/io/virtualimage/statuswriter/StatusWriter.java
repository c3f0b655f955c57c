package io.virtualimage.statuswriter;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.k8s.KubernetesConnection;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.process.FoldStates;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.topics.Topic;
import java.util.List;
import java.util.Optional;

/** The service: derives the status of every image, and brings it to Kubernetes. */
public final class StatusWriter {
    private static final String APPLIERS = "virtualimage-status-writer-apply";

    private StatusWriter() {}

    /**
     * Starts it; it ends with the runtime. Reads the settings {@code KUBECONFIG}, {@code STATUS_WRITES_PER_SECOND} (of
     * this replica; 200), {@code TOKEN_KEY}, {@code UPLOAD_HOST} (host and port that lead to the fetchers from outside of
     * the cluster; none by default), {@code UPLOAD_TLS} (whether by https; {@code true}) and {@code UPLOAD_SERVICE} (host
     * and port within the cluster).
     *
     * @throws IllegalStateException if a setting is malformed
     */
    public static void start(StageRuntime runtime, Settings settings) {
        int writesPerSecond = settings.number("STATUS_WRITES_PER_SECOND", 200, 1, 100_000);
        Optional<String> kubeconfig = settings.optional("KUBECONFIG");
        String key = settings.text("TOKEN_KEY");
        String scheme = settings.flag("UPLOAD_TLS", true) ? "https://" : "http://";
        String external = settings.optional("UPLOAD_HOST").map(scheme::concat).orElse(null);
        String inCluster = "http://" + settings.text("UPLOAD_SERVICE", "virtualimage-upload.virtualimage-system.svc");
        settings.check();
        UploadAddresses uploads = new UploadAddresses(AccessTokens.ofSetting("TOKEN_KEY", key), external, inCluster);
        KubernetesClient client = runtime.keep(KubernetesConnection.open(kubeconfig));
        ImageApi api = new ClusterImageApi(client, runtime.replica());
        Pace pace = Pace.perSecond(writesPerSecond);
        FoldStates<StatusState> states = runtime.host(new StatusFold());
        runtime.gauge(
                ImageGauges.PHASE,
                "Whether an image is in a phase (1) or not (0)",
                ImageGauges.PHASE_LABELS,
                () -> ImageGauges.phases(states.copy().values()));
        runtime.gauge(
                ImageGauges.OLDEST,
                "For how long the oldest image has been waited for that is neither made nor failed; 0 if there is none",
                List.of(),
                () -> ImageGauges.oldest(states.copy().values(), runtime.clock()));
        runtime.consume(APPLIERS, Topic.STATUS, new StatusApplier(api, pace, runtime.clock(), uploads));
    }
}
