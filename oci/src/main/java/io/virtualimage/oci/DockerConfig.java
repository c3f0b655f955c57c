package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The credentials of a {@code .dockerconfigjson}, as Secrets of type {@code kubernetes.io/dockerconfigjson} hold it. */
public final class DockerConfig {

    private static final String DEED = "read the registry credentials";
    private static final Comparator<CredentialKey> BY_PRECISION =
            Comparator.<CredentialKey>comparingInt(key -> key.path().length()).thenComparing(key -> !key.isWild());

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
        try {
            Document document = Json.read(json, Document.class, DEED);
            return new DockerConfig(document.auths() == null ? Map.of() : document.auths());
        } catch (RegistryException e) {
            throw malformed();
        }
    }

    /** Reads the older shape, without {@code auths} around it, as Secrets of {@code kubernetes.io/dockercfg} hold it. */
    public static DockerConfig parseLegacy(byte[] json) throws RegistryException {
        try {
            return new DockerConfig(Json.read(json, Legacy.class, DEED));
        } catch (RegistryException e) {
            throw malformed();
        }
    }

    private static RegistryException malformed() {
        // Without a cause: the parser's message may quote the secret.
        return RegistryException.of(
                RegistryException.Reason.PROTOCOL, DEED, "they are not the JSON of a Docker config", null);
    }

    /**
     * The credentials for an image, or empty. Keys may be a host, a host with a path, or a URL, as different tools write
     * them. Of several that match, the one with the longest path counts, which ends between two components; then one that
     * names the host before one with {@code *} in it. Entries that say nothing don't count.
     *
     * @see <a href="https://kubernetes.io/docs/concepts/containers/images/#config-json">Kubernetes, "config.json"</a>
     */
    public Optional<Credentials> credentialsFor(ImageReference reference) throws RegistryException {
        Entry best = null;
        CredentialKey bestKey = null;
        for (Map.Entry<String, Entry> each : entries.entrySet()) {
            CredentialKey key = CredentialKey.parse(each.getKey());
            if (each.getValue().saysSomething()
                    && key.matches(reference)
                    && (bestKey == null || BY_PRECISION.compare(key, bestKey) > 0)) {
                best = each.getValue();
                bestKey = key;
            }
        }
        return best == null ? Optional.empty() : Optional.of(credentials(best));
    }

    private static Credentials credentials(Entry entry) throws RegistryException {
        if (entry.identityToken() != null && !entry.identityToken().isEmpty()) {
            return Credentials.ofIdentityToken(entry.identityToken());
        }
        if (entry.username() != null && entry.password() != null) {
            return new Credentials(entry.username(), entry.password());
        }
        String auth = entry.auth() == null ? "" : entry.auth();
        String pair = "";
        try {
            pair = new String(Base64.getDecoder().decode(auth.strip()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // Falls through: the exception would quote the secret.
        }
        int colon = pair.indexOf(':');
        if (colon < 0) {
            throw RegistryException.of(
                    RegistryException.Reason.PROTOCOL,
                    DEED,
                    "an 'auth' entry is not the base64 of user:password",
                    null);
        }
        return new Credentials(pair.substring(0, colon), pair.substring(colon + 1));
    }

    record Document(@Nullable Map<String, Entry> auths) {}

    static final class Legacy extends LinkedHashMap<String, Entry> {}

    record Entry(
            @Nullable String username,
            @Nullable String password,
            @Nullable String auth,
            @JsonProperty("identitytoken") @Nullable String identityToken) {

        private boolean saysSomething() {
            return (username != null && password != null)
                    || (auth != null && !auth.isEmpty())
                    || (identityToken != null && !identityToken.isEmpty());
        }
    }
}
