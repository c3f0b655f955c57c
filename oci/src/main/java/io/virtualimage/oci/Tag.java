package io.virtualimage.oci;

import java.util.regex.Pattern;

/** A tag: 1 to 128 of {@code [A-Za-z0-9_.-]}, the first neither a dot nor a dash. */
public record Tag(String name) implements ManifestReference {

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

    // After the pattern, which its constructor needs.
    public static final Tag LATEST = new Tag("latest");

    public Tag {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not a tag: '" + name + "'");
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
