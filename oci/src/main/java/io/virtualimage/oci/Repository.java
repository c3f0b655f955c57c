package io.virtualimage.oci;

import java.util.regex.Pattern;

/**
 * The name of a repository within a registry: lower-case path components joined by slashes, at most
 * {@value #MAX_LENGTH} characters in all (OCI distribution specification, "Pulling manifests").
 */
public record Repository(String name) {

    public static final int MAX_LENGTH = 255;

    private static final String COMPONENT = "[a-z0-9]++(?:(?:\\.|_|__|-++)[a-z0-9]++)*+";
    private static final Pattern NAME = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*+");

    public Repository {
        if (name.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("a repository name has at most " + MAX_LENGTH + " characters, not "
                    + name.length() + ": '" + name + "'");
        }
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not a repository name: '" + name + "'");
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
