package io.virtualimage.oci;

import java.net.URI;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where an image is: {@code [domain[:port]/]path[:tag][@digest]}.
 *
 * <p>Short names mean what they mean to Docker: without a domain it is {@code docker.io}, a single component there
 * stands under {@code library/}, and with neither tag nor digest it is {@code latest}. Where both tag and digest are
 * given, the digest counts.
 *
 * @param domain the registry's host, with its port if one was given; lower case
 */
public record ImageReference(
        String domain,
        Repository repository,
        @Nullable Tag tag,
        @Nullable Digest digest) {

    private static final String DOCKER_HUB = "docker.io";
    private static final String LABEL = "[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?";
    private static final Pattern DOMAIN =
            Pattern.compile("(?:" + LABEL + "(?:\\." + LABEL + ")*|\\[[0-9A-Fa-f:]+])(?::[0-9]{1,5})?");

    public ImageReference {
        if (domain.length() > 261 || !DOMAIN.matcher(domain).matches()) {
            throw new IllegalArgumentException("not a registry's domain: '" + domain + "'");
        }
        domain = domain.toLowerCase(Locale.ROOT);
        if (tag == null && digest == null) {
            tag = Tag.LATEST;
        }
    }

    /** Reads and normalises a reference; text that is none is an {@link IllegalArgumentException}. */
    public static ImageReference parse(String text) {
        String rest = text;
        Digest digest = null;
        int at = rest.indexOf('@');
        if (at >= 0) {
            digest = Digest.parse(rest.substring(at + 1));
            rest = rest.substring(0, at);
        }
        Tag tag = null;
        int colon = rest.lastIndexOf(':');
        if (colon > rest.lastIndexOf('/')) {
            tag = new Tag(rest.substring(colon + 1));
            rest = rest.substring(0, colon);
        }
        String domain = DOCKER_HUB;
        int slash = rest.indexOf('/');
        if (slash >= 0 && isDomain(rest.substring(0, slash))) {
            domain = rest.substring(0, slash);
            rest = rest.substring(slash + 1);
        }
        if (domain.equalsIgnoreCase("index.docker.io")) {
            domain = DOCKER_HUB;
        }
        if (domain.equalsIgnoreCase(DOCKER_HUB) && rest.indexOf('/') < 0) {
            rest = "library/" + rest;
        }
        return new ImageReference(domain, new Repository(rest), tag, digest);
    }

    // A first component is a host only if it can't be part of a path: `a/b` is on Docker Hub, `a.b/c` and `A/c` not.
    private static boolean isDomain(String component) {
        return component.equals("localhost")
                || component.indexOf('.') >= 0
                || component.indexOf(':') >= 0
                || !component.equals(component.toLowerCase(Locale.ROOT));
    }

    /** What to ask the registry for: the digest if there is one, else the tag. */
    public ManifestReference manifest() {
        if (digest != null) {
            return digest;
        }
        return tag == null ? Tag.LATEST : tag;
    }

    /** The registry's base URI, over TLS. */
    public URI endpoint() {
        return URI.create("https://" + host());
    }

    /** The registry's base URI, without TLS: for registries that are known to have none. */
    public URI plainEndpoint() {
        return URI.create("http://" + host());
    }

    private String host() {
        return domain.equals(DOCKER_HUB) ? "registry-1.docker.io" : domain;
    }

    @Override
    public String toString() {
        return domain + "/" + repository + (tag == null ? "" : ":" + tag) + (digest == null ? "" : "@" + digest);
    }
}
