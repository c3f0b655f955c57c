package io.virtualimage.fetcher.source;

import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.ImageReference;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How to reach the registries that images name: over TLS, but for those that the operator knows to have none, and for the
 * installation's own.
 *
 * @param insecure hosts spoken to without TLS, {@code host:port}, or {@code host} for any port
 * @param own the registry that this installation publishes to; null if it isn't known here
 */
public record RegistryPlaces(Set<String> insecure, @Nullable Own own) {
    /** All over TLS. */
    public static final RegistryPlaces SECURE = new RegistryPlaces(Set.of(), null);

    public RegistryPlaces {
        insecure = insecure.stream().map(host -> host.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    }

    /**
     * The registry that this installation publishes to.
     *
     * @param domain host and port as references name it
     * @param endpoint how it is reached from here
     * @param caBundle PEM; null for none
     */
    public record Own(
            String domain,
            URI endpoint,
            @Nullable Credentials credentials,
            @Nullable String caBundle) {}

    /** Reads a list as settings have it: hosts between commas. */
    public static Set<String> hosts(String list) {
        return Pattern.compile(",")
                .splitAsStream(list)
                .map(String::strip)
                .filter(host -> !host.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Where users' credentials for an image go. */
    URI endpointOf(ImageReference reference) {
        String domain = reference.domain();
        boolean plain = insecure.contains(domain) || insecure.contains(withoutPort(domain));
        return plain ? reference.plainEndpoint() : reference.endpoint();
    }

    /** The installation's own registry, if the image is there. */
    Optional<Own> ownOf(ImageReference reference) {
        return Optional.ofNullable(own).filter(it -> it.domain().equalsIgnoreCase(reference.domain()));
    }

    private static String withoutPort(String domain) {
        return domain.replaceFirst(":[0-9]+$", "");
    }
}
