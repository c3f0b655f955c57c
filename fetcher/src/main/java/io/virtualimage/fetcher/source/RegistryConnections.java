package io.virtualimage.fetcher.source;

import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.HttpRegistry;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistrySettings;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import okhttp3.Dns;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/** Clients of registries, each kept for a while: one made anew would have to ask for a token before each piece. */
final class RegistryConnections implements RegistrySource.Connections {
    static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    static final Duration IDLE_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration COMMIT_TIMEOUT = Duration.ofMinutes(1); // nothing is ever pushed
    private static final int REGISTRIES_KEPT = 256;

    private final HttpClients clients;
    private final RegistryGuard guard;
    private final Clock clock;
    private final Map<Key, OciRegistry> known = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, OciRegistry> eldest) {
            return size() > REGISTRIES_KEPT;
        }
    };

    RegistryConnections(Dns dns, EnvironmentProxies proxies, Clock clock) {
        this.clients = new HttpClients(dns, proxies, clock, CONNECT_TIMEOUT, IDLE_TIMEOUT);
        this.guard = new RegistryGuard(clients);
        this.clock = clock;
    }

    @Override
    public synchronized OciRegistry to(ResolvedSource.ContainerImage image) throws SourceException {
        Key key = new Key(image.endpoint(), image.credentials(), image.caBundle());
        OciRegistry registry = known.get(key);
        if (registry == null) {
            OkHttpClient client =
                    clients.clientFor(image).newBuilder().addInterceptor(guard).build();
            RegistrySettings settings = new RegistrySettings(
                    key.endpoint(), key.credentials(), List.of(), CONNECT_TIMEOUT, IDLE_TIMEOUT, COMMIT_TIMEOUT);
            registry = new HttpRegistry(settings, client, clock);
            known.put(key, registry);
        }
        return registry;
    }

    @Override
    public void close() {
        clients.close();
    }

    /** What one asks with another must not be told: so nothing is shared but by those who know the same secret. */
    private record Key(
            URI endpoint,
            @Nullable Credentials credentials,
            @Nullable String caBundle) {}
}
