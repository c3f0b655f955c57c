package io.virtualimage.fetcher;

import io.virtualimage.fetcher.source.RegistryPlaces;
import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.Platform;
import io.virtualimage.stage.process.Settings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the operator says about the registries that images are pulled from.
 *
 * @param platform what is chosen from an index
 */
record FetcherRegistries(RegistryPlaces places, Platform platform) {
    /**
     * Reads
     *
     * <ul>
     *   <li>{@code INSECURE_REGISTRIES}: hosts that are spoken to without TLS, between commas, {@code host:port}, or
     *       {@code host} for any port (default: none)
     *   <li>{@code IMAGE_PLATFORM}: what is chosen from an index (default {@code linux/amd64})
     *   <li>{@code REGISTRY}, {@code REGISTRY_URL}, {@code REGISTRY_USERNAME}, {@code REGISTRY_PASSWORD}, {@code
     *       REGISTRY_CA}: as the publisher's, for images that are made of published ones; all optional
     * </ul>
     *
     * @throws IllegalStateException if one is malformed
     */
    static FetcherRegistries from(Settings settings) {
        Set<String> insecure =
                RegistryPlaces.hosts(settings.optional("INSECURE_REGISTRIES").orElse(""));
        return new FetcherRegistries(
                new RegistryPlaces(insecure, own(settings)), platform(settings.text("IMAGE_PLATFORM", "linux/amd64")));
    }

    private static Platform platform(String text) {
        String[] parts = text.split("/", -1);
        if (parts.length < 2 || parts.length > 3 || List.of(parts).contains("")) {
            throw new IllegalStateException("IMAGE_PLATFORM is '" + text + "', but has to be like linux/amd64");
        }
        return new Platform(parts[0], parts[1], parts.length == 3 ? parts[2] : null);
    }

    private static RegistryPlaces.@Nullable Own own(Settings settings) {
        Optional<String> domain = settings.optional("REGISTRY");
        if (domain.isEmpty()) {
            return null;
        }
        URI endpoint = settings.optional("REGISTRY_URL").isPresent()
                ? settings.uri("REGISTRY_URL")
                : URI.create("https://" + domain.get());
        Optional<String> user = settings.optional("REGISTRY_USERNAME");
        Optional<String> password = settings.optional("REGISTRY_PASSWORD");
        Credentials credentials = user.isEmpty() && password.isEmpty()
                ? null
                : new Credentials(settings.text("REGISTRY_USERNAME"), settings.text("REGISTRY_PASSWORD"));
        return new RegistryPlaces.Own(domain.get(), endpoint, credentials, bundle(settings));
    }

    private static @Nullable String bundle(Settings settings) {
        Optional<String> file = settings.optional("REGISTRY_CA");
        if (file.isEmpty()) {
            return null;
        }
        try {
            return Files.readString(Path.of(file.get()));
        } catch (IOException e) {
            throw new IllegalStateException("REGISTRY_CA, " + file.get() + ", can't be read: " + e.getMessage(), e);
        }
    }
}
