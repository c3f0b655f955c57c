package io.virtualimage.fetcher;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.fetcher.source.AnySource;
import io.virtualimage.fetcher.source.EnvironmentProxies;
import io.virtualimage.fetcher.source.HttpSource;
import io.virtualimage.fetcher.source.KubernetesSourceResolver;
import io.virtualimage.fetcher.source.RegistrySource;
import io.virtualimage.fetcher.upload.UploadSettings;
import io.virtualimage.fetcher.upload.Uploads;
import io.virtualimage.fetcher.volume.ClusterVolumes;
import io.virtualimage.fetcher.volume.FetchedBook;
import io.virtualimage.fetcher.volume.ReadingSettings;
import io.virtualimage.fetcher.volume.VolumeEndpoint;
import io.virtualimage.fetcher.volume.VolumeLimits;
import io.virtualimage.fetcher.volume.VolumeReading;
import io.virtualimage.fetcher.volume.VolumeRequests;
import io.virtualimage.fetcher.work.FetchWorker;
import io.virtualimage.k8s.KubernetesConnection;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.WorkGroup;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.Dns;

/** The service: brings the bytes of sources into staging. */
public final class Fetcher {
    private static final Duration SWEEP = Duration.ofMinutes(10);
    private static final long LEAST_SEGMENT = 64 << 10;
    private static final long LARGEST_SEGMENT = 256 << 20;

    private Fetcher() {}

    /**
     * Starts it; it ends with the runtime. Reads the settings {@code SEGMENT_SIZE} ({@code 16Mi}), {@code FETCH_RETRY_BUDGET} ({@code 5m}), {@code UPLOAD_DEADLINE} ({@code 10m}),
     * {@code IMAGE_SEARCH_DEADLINE} ({@code 30m}: how long the file in a container image may be searched for), {@code WORKERS} (4), {@code STREAM_WORKERS} (2), {@code KUBECONFIG}, {@code HTTP_PROXY}, {@code HTTPS_PROXY} and
     * {@code NO_PROXY}, and those of {@link FetcherRegistries}, {@link UploadSettings}, {@link VolumeLimits} and {@link ReadingSettings}.
     *
     * @throws IllegalStateException if a setting is malformed
     */
    public static void start(StageRuntime runtime, Settings settings) {
        long segmentBytes = settings.bytes("SEGMENT_SIZE", 16 << 20);
        Duration retryBudget = settings.duration("FETCH_RETRY_BUDGET", Duration.ofMinutes(5));
        Duration uploadDeadline = settings.duration("UPLOAD_DEADLINE", Duration.ofMinutes(10));
        Duration searchDeadline = settings.duration("IMAGE_SEARCH_DEADLINE", Duration.ofMinutes(30));
        int workers = settings.number("WORKERS", 4, 1, 64);
        int streamWorkers = settings.number("STREAM_WORKERS", 2, 1, 64);
        Optional<String> kubeconfig = settings.optional("KUBECONFIG");
        FetcherRegistries registries = FetcherRegistries.from(settings);
        UploadSettings uploads = UploadSettings.read(settings);
        long maxVolumeBytes = VolumeLimits.maxBytes(settings);
        settings.check();
        AccessTokens tokens = AccessTokens.ofSetting("TOKEN_KEY", uploads.tokenKey());
        ReadingSettings volumes = ReadingSettings.of(settings, tokens);
        settings.check();
        if (segmentBytes < LEAST_SEGMENT || segmentBytes > LARGEST_SEGMENT) {
            throw new IllegalStateException("SEGMENT_SIZE is " + segmentBytes + ", but has to be from 64Ki to 256Mi");
        }
        EnvironmentProxies proxies;
        try {
            proxies = EnvironmentProxies.from(settings);
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException("the settings can't be used: " + e.getMessage(), e);
        }

        KubernetesClient client = runtime.keep(KubernetesConnection.open(kubeconfig));
        AnySource source = new AnySource(
                runtime.keep(new HttpSource(Dns.SYSTEM, proxies, runtime.clock())),
                runtime.keep(new RegistrySource(
                        Dns.SYSTEM, proxies, runtime.clock(), registries.platform(), searchDeadline)));
        FetchWorker worker = new FetchWorker(
                new KubernetesSourceResolver(client, registries.places()),
                source,
                runtime.staging(),
                runtime.feeds(),
                new VolumeReading(new ClusterVolumes(client), volumes, runtime.clock()),
                new SecureRandom());
        StagingSweeper sweeper = new StagingSweeper(runtime.staging(), runtime.ledger());
        runtime.host(new FetchFold((int) segmentBytes, retryBudget, uploadDeadline));
        runtime.work(WorkGroup.FETCH_TASKS, workers, worker);
        runtime.work(WorkGroup.FETCH_STREAMS, streamWorkers, worker);
        runtime.every(SWEEP, "sweep staging", sweeper::sweep);
        Uploads.start(
                runtime,
                uploads,
                (int) segmentBytes,
                Map.of(
                        VolumeEndpoint.PREFIX,
                        volumeEndpoint(runtime, tokens, new VolumeLimits((int) segmentBytes, maxVolumeBytes))));
    }

    private static VolumeEndpoint volumeEndpoint(StageRuntime runtime, AccessTokens tokens, VolumeLimits limits) {
        VolumeRequests requests = new VolumeRequests();
        var _ = runtime.view(Set.of(Topic.REQUESTS), record -> requests.apply(record.key(), record.recorded()));
        return new VolumeEndpoint(
                tokens,
                requests,
                runtime.ledger(),
                new FetchedBook(runtime.histories()),
                runtime.staging(),
                runtime.announcer(),
                limits,
                runtime.replica());
    }
}
