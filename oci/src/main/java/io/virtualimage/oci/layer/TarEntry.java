package io.virtualimage.oci.layer;

import org.jspecify.annotations.Nullable;

/**
 * One file, directory or link of an archive.
 *
 * @param path null if it has {@code ..} in it: then it is nowhere
 * @param sparse whether the content is not the file's bytes, but a map and the pieces that are not holes
 * @param place of its header
 * @param offsetBytes where the content begins, from the start of the archive
 * @param lengthBytes the content's
 * @param target of a hard link; null if that is nowhere, and for everything else
 */
record TarEntry(
        @Nullable TarPath path,
        Type type,
        boolean sparse,
        LayerPlace place,
        long offsetBytes,
        long lengthBytes,
        @Nullable TarPath target) {

    /** What it is, as far as it matters here. */
    enum Type {
        REGULAR("a file"),
        HARD_LINK("a hard link"),
        SYMBOLIC_LINK("a symbolic link"),
        DIRECTORY("a directory"),
        DEVICE("a device or pipe"),
        /** Something that only one program's archives have: no part of the file system. */
        FOREIGN("an entry of a type that is not known");

        private final String words;

        Type(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }
}
