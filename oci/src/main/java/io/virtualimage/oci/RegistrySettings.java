package io.virtualimage.oci;

import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How to reach a registry.
 *
 * @param base scheme ({@code http} or {@code https}), host and port; the API is under its {@code /v2/}
 * @param credentials sent only when the registry asks, to itself or to the token service that it names; null for none
 * @param trusted certificates to trust besides those that Java trusts, see {@link CaBundle}
 * @param connectTimeout for each connection
 * @param idleTimeout how long nothing may come or go while bytes are expected
 * @param commitTimeout how long the registry may take to turn an upload into a blob
 */
public record RegistrySettings(
        URI base,
        @Nullable Credentials credentials,
        List<X509Certificate> trusted,
        Duration connectTimeout,
        Duration idleTimeout,
        Duration commitTimeout) {

    public RegistrySettings {
        boolean http = "http".equals(base.getScheme()) || "https".equals(base.getScheme());
        boolean bare = base.getPath() == null
                || base.getPath().isEmpty()
                || base.getPath().equals("/");
        if (!http || base.getHost() == null || !bare || base.getRawUserInfo() != null || base.getRawQuery() != null) {
            throw new IllegalArgumentException(
                    "a registry's base is http(s)://host[:port], without user, path or query: host " + base.getHost());
        }
        trusted = List.copyOf(trusted);
    }

    public RegistrySettings(URI base, @Nullable Credentials credentials, List<X509Certificate> trusted) {
        this(base, credentials, trusted, Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofMinutes(15));
    }

    /** Without credentials and special trust. */
    public RegistrySettings(URI base) {
        this(base, null, List.of());
    }
}
