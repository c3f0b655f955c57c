package io.virtualimage.publisher;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.topics.Incarnation;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Under which names images are published: {@code <registry>/<prefix>/<namespace>/<name>:<public name>}.
 *
 * @param registry host and port as users see it
 * @param prefix what the names of all repositories begin with, without a slash at its end
 */
public record PublicNames(String registry, String prefix) {
    public static final String DEFAULT_PREFIX = "vi";

    private static final String CLAIM_PREFIX = "d8v-vi-";

    /** Other programs add to it, and 253 characters are the end. */
    private static final int MAX_CLAIM_NAME = 239;

    /** So much of the hash makes names that had to be cut different again. */
    private static final int HASH_CHARS = 16;

    private static final Pattern LATER_VERSION = Pattern.compile("-([1-9][0-9]{0,17})-(0|[1-9][0-9]{0,17})");
    private static final Pattern SEPARATORS_AT_END = Pattern.compile("[._-]+$");

    public PublicNames {
        if (registry.isEmpty() || registry.indexOf('/') >= 0) {
            throw new IllegalArgumentException("'" + registry + "' is no host of a registry");
        }
        new Repository(prefix + "/namespace/name"); // says what is wrong with it
    }

    /** The repository of all versions of an image. A name that would be too long is cut and given a hash of the whole. */
    public Repository repository(Incarnation image) {
        String parent = prefix + "/" + image.namespace() + "/";
        String whole = parent + image.name();
        if (whole.length() <= Repository.MAX_LENGTH) {
            return new Repository(whole);
        }
        String hash =
                Digest.sha256(whole.getBytes(StandardCharsets.UTF_8)).hex().substring(0, HASH_CHARS);
        int room = Repository.MAX_LENGTH - parent.length() - hash.length() - 1;
        if (room < 1) {
            throw new IllegalArgumentException(
                    "the prefix of repositories is too long for namespace " + image.namespace());
        }
        String cut = SEPARATORS_AT_END.matcher(image.name().substring(0, room)).replaceFirst("");
        return new Repository(parent + cut + "-" + hash);
    }

    public Tag tag(Incarnation image) {
        return new Tag(image.publicName());
    }

    /** What users put after {@code docker://}. */
    public String url(Incarnation image) {
        return url(image, tag(image));
    }

    /** The same, of another version. */
    String url(Incarnation image, Tag tag) {
        return registry + "/" + repository(image) + ":" + tag;
    }

    /** The claim of an image on a volume, in the image's namespace. A name that would be too long is cut: the UID stays. */
    public static String claim(Incarnation image) {
        String suffix = "-" + image.publicName();
        int room = MAX_CLAIM_NAME - CLAIM_PREFIX.length() - suffix.length();
        String name = image.name().substring(0, Math.min(image.name().length(), room));
        // A name is words of letters, digits and hyphens with dots between: no word may end with a hyphen.
        return CLAIM_PREFIX + SEPARATORS_AT_END.matcher(name).replaceFirst("") + suffix;
    }

    /** The version that a tag stands for; empty if it isn't one of this image. */
    public static Optional<Incarnation> version(Incarnation image, Tag tag) {
        if (!tag.name().startsWith(image.uid())) {
            return Optional.empty();
        }
        String rest = tag.name().substring(image.uid().length());
        if (rest.isEmpty()) {
            return Optional.of(version(image, 1, 0));
        }
        Matcher matcher = LATER_VERSION.matcher(rest);
        return matcher.matches()
                ? Optional.of(version(image, Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))))
                : Optional.empty();
    }

    private static Incarnation version(Incarnation image, long generation, long run) {
        return new Incarnation(image.namespace(), image.name(), image.uid(), generation, run);
    }
}
