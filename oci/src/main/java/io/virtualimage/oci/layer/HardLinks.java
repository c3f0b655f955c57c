package io.virtualimage.oci.layer;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.RegistryException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows hard links to the files that they are. What stood before the link is read once more: links to the disk are
 * rare, and remembering every file of an image for them would take memory.
 */
final class HardLinks {

    private static final int MAX_LINKS = 8;

    private final LayerSource source;
    private final ImageChoice choice;

    HardLinks(LayerSource source, ImageChoice choice) {
        this.source = source;
        this.choice = choice;
    }

    /**
     * The file that a link in a layer means: the last one of that name before it in the same archive, or else in the
     * layers below. Empty if there is none or if it is not a regular file.
     *
     * @param name of the link: also the found file's
     * @throws LayerLimitException if too many links were followed before
     * @throws UnsupportedLayerException if the file is sparse, or if links lead to links more than {@value #MAX_LINKS}
     *     times
     */
    Optional<LayerFile> follow(int layer, TarEntry link, TarPath name) throws RegistryException, LayerException {
        source.budget().takeLink(link.place());
        Found current = new Found(layer, link, null);
        for (int links = 0; links < MAX_LINKS; links++) {
            TarPath target = current.entry().target();
            Found next = target == null || Hiding.isMark(target) ? null : before(current, target, name);
            if (next == null) {
                return Optional.empty();
            }
            if (next.file() != null) {
                return Optional.of(next.file());
            }
            current = next;
        }
        throw link.place().unsupported("hard links lead to hard links, more than " + MAX_LINKS + " times");
    }

    /** The file or link that was at a path when the archives had been unpacked up to an entry. */
    private @Nullable Found before(Found current, TarPath path, TarPath name) throws RegistryException, LayerException {
        long end = current.entry().place().offsetBytes();
        for (int layer = current.layer(); layer >= 0; layer--) {
            Descriptor blob = choice.image().layers().get(layer);
            boolean whole = layer < current.layer();
            try (LayerScan scan = whole ? source.openWhole(blob) : source.open(blob)) {
                TarEntry last = null;
                boolean hidden = false;
                TarEntry entry = scan.next().orElse(null);
                while (entry != null && (whole || entry.place().offsetBytes() < end)) {
                    Hiding hiding = Hiding.of(entry).orElse(null);
                    if (hiding != null && path.equals(entry.path())) {
                        last = entry;
                    }
                    hidden |= hiding != null && hiding.hides(path);
                    entry = scan.next().orElse(null);
                }
                boolean fileIsHere = last != null && last.type() == TarEntry.Type.REGULAR;
                if (whole && !fileIsHere) {
                    scan.verify();
                }
                if (last != null) {
                    return switch (last.type()) {
                        case REGULAR ->
                            new Found(layer, last, LayerFile.of(choice.digest(), blob, scan.compression(), last, name));
                        case HARD_LINK -> new Found(layer, last, null);
                        case SYMBOLIC_LINK, DIRECTORY, DEVICE, FOREIGN -> null;
                    };
                }
                if (hidden) {
                    return null;
                }
            }
        }
        return null;
    }

    /**
     * An entry at the path.
     *
     * @param file null if the entry is a link itself
     */
    private record Found(
            int layer, TarEntry entry, @Nullable LayerFile file) {}
}
