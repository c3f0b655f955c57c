package io.virtualimage.oci.layer;

import java.util.Optional;

/**
 * What an entry does to the layers below its own (OCI image specification, "Applying Changesets"). The order within a
 * layer does not matter for that.
 *
 * @param at of {@code .wh.name} the path of {@code name}; of {@code .wh..wh..opq} the directory that it is in
 */
record Hiding(TarPath at, Kind kind) {

    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";
    /** Bookkeeping of aufs, which some layers still have; none of it is a file. */
    private static final String BOOKKEEPING = ".wh..wh.";

    enum Kind {
        /** A directory: takes the place of a file, and leaves what lies in a directory. */
        DIRECTORY,
        /** Anything else in that place, or a whiteout of it: nothing of what is below stays. */
        REPLACED,
        /** Nothing of what a directory had below stays. */
        OPAQUE
    }

    /** Whether this is the name of a mark and not of a file. */
    static boolean isMark(TarPath path) {
        return path.name().startsWith(WHITEOUT);
    }

    static Optional<Hiding> of(TarEntry entry) {
        TarPath path = entry.path();
        if (path == null || entry.type() == TarEntry.Type.FOREIGN) {
            return Optional.empty();
        }
        String name = path.name();
        if (name.equals(OPAQUE)) {
            return Optional.of(new Hiding(path.parent(), Kind.OPAQUE));
        }
        if (name.startsWith(BOOKKEEPING)) {
            return Optional.empty();
        }
        if (name.startsWith(WHITEOUT)) {
            String hidden = name.substring(WHITEOUT.length());
            boolean names = !hidden.isEmpty() && !hidden.equals(".") && !hidden.equals("..");
            return names ? Optional.of(new Hiding(path.parent().resolve(hidden), Kind.REPLACED)) : Optional.empty();
        }
        boolean directory = entry.type() == TarEntry.Type.DIRECTORY;
        return Optional.of(new Hiding(path, directory ? Kind.DIRECTORY : Kind.REPLACED));
    }

    /** Whether that path of a lower layer is hidden. */
    boolean hides(TarPath lower) {
        return switch (kind) {
            case DIRECTORY -> lower.equals(at);
            case REPLACED -> lower.equals(at) || lower.isUnder(at);
            case OPAQUE -> lower.isUnder(at);
        };
    }

    /** Whether this may hide anything in that directory. */
    boolean concerns(TarPath directory) {
        return at.isUnder(directory) || at.equals(directory) || directory.isUnder(at);
    }
}
