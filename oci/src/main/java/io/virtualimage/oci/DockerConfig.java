package io.virtualimage.oci;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The credentials of a {@code .dockerconfigjson}, as Secrets of type {@code kubernetes.io/dockerconfigjson} hold it. */
public final class DockerConfig {

    private final Map<String, Entry> entries;

    private DockerConfig(Map<String, Entry> entries) {
        this.entries = entries;
    }

    /**
     * Reads the JSON.
     *
     * @throws RegistryException ({@code PROTOCOL}) if it is not such JSON; the message quotes none of it
     */
    public static DockerConfig parse(byte[] json) throws RegistryException {
        String deed = "read the registry credentials";
        try {
            Document document = Json.read(json, Document.class, deed);
            return new DockerConfig(document.auths() == null ? Map.of() : document.auths());
        } catch (RegistryException e) {
            // Not as a cause either: the parser's message may quote the secret.
            throw RegistryException.of(
                    RegistryException.Reason.PROTOCOL, deed, "they are not the JSON of a Docker config", null);
        }
    }

    /**
     * The credentials for a reference's domain, or empty. Keys may be a bare host, a host with a path, or a URL, as
     * different tools write them; the host and port must be equal.
     */
    public Optional<Credentials> credentialsFor(ImageReference reference) throws RegistryException {
        for (Map.Entry<String, Entry> each : entries.entrySet()) {
            if (host(each.getKey()).equals(reference.domain())) {
                return credentials(each.getValue());
            }
        }
        return Optional.empty();
    }

    private static String host(String key) {
        String rest = key.replaceFirst("^https?://", "");
        int slash = rest.indexOf('/');
        String host = (slash < 0 ? rest : rest.substring(0, slash)).toLowerCase(Locale.ROOT);
        return host.equals("index.docker.io") || host.equals("registry-1.docker.io") ? "docker.io" : host;
    }

    private static Optional<Credentials> credentials(Entry entry) throws RegistryException {
        if (entry.username() != null && entry.password() != null) {
            return Optional.of(new Credentials(entry.username(), entry.password()));
        }
        if (entry.auth() == null || entry.auth().isEmpty()) {
            return Optional.empty();
        }
        String pair = "";
        try {
            pair = new String(Base64.getDecoder().decode(entry.auth().strip()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // Falls through: the exception would quote the secret.
        }
        int colon = pair.indexOf(':');
        if (colon < 0) {
            throw RegistryException.of(
                    RegistryException.Reason.PROTOCOL,
                    "read the registry credentials",
                    "an 'auth' entry is not the base64 of user:password",
                    null);
        }
        return Optional.of(new Credentials(pair.substring(0, colon), pair.substring(colon + 1)));
    }

    record Document(@Nullable Map<String, Entry> auths) {}

    record Entry(
            @Nullable String username,
            @Nullable String password,
            @Nullable String auth) {}
}
