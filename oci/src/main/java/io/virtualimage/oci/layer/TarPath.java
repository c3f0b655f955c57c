package io.virtualimage.oci.layer;

import io.virtualimage.oci.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A path in an image's file system, from its root: components joined by single slashes, none of them {@code .} or
 * {@code ..}. Names in archives are bytes; here each byte is one character, so that different names never become equal.
 *
 * @param bytes empty for the root
 */
record TarPath(String bytes) {

    static final TarPath ROOT = new TarPath("");
    static final TarPath DISK = new TarPath("disk");
    /** As long as Linux has them. */
    static final int MAX_BYTES = 4096;

    private static final int MAX_SHOWN = 200;

    /** Normalises a name of an archive; empty for one that has {@code ..} in it, which is nowhere as far as we go. */
    static Optional<TarPath> of(String name) {
        List<String> components = new ArrayList<>();
        int from = 0;
        while (from <= name.length()) {
            int slash = name.indexOf('/', from);
            int end = slash < 0 ? name.length() : slash;
            String component = name.substring(from, end);
            if (component.equals("..")) {
                return Optional.empty();
            }
            if (!component.isEmpty() && !component.equals(".")) {
                components.add(component);
            }
            from = end + 1;
        }
        return Optional.of(new TarPath(String.join("/", components)));
    }

    /** The last component. */
    String name() {
        return bytes.substring(bytes.lastIndexOf('/') + 1);
    }

    /** The directory that this is in; the root's is the root. */
    TarPath parent() {
        int slash = bytes.lastIndexOf('/');
        return slash < 0 ? ROOT : new TarPath(bytes.substring(0, slash));
    }

    TarPath resolve(String component) {
        return new TarPath(bytes.isEmpty() ? component : bytes + "/" + component);
    }

    /** Whether this lies in that directory, however deep. */
    boolean isUnder(TarPath directory) {
        int length = directory.bytes.length();
        return length == 0
                ? !bytes.isEmpty()
                : bytes.length() > length && bytes.charAt(length) == '/' && bytes.startsWith(directory.bytes);
    }

    /** For people: as UTF-8, nothing in it that isn't printable, and not too long. */
    @Override
    public String toString() {
        return PrintableText.of(
                new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8), MAX_SHOWN);
    }
}
