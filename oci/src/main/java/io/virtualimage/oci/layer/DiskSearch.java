package io.virtualimage.oci.layer;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.RegistryException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One search through the layers of one image; used once. */
final class DiskSearch {

    private final LayerSource source;
    private final ImageChoice choice;
    private final List<Descriptor> layers;
    private final HardLinks links;
    private final Findings findings = new Findings();
    private final Map<Integer, LayerChanges> whole = new HashMap<>();

    DiskSearch(LayerSource source, ImageChoice choice) {
        this.source = source;
        this.choice = choice;
        this.layers = choice.image().layers();
        this.links = new HardLinks(source, choice);
    }

    /** Whether an entry is a file, or may be one by a hard link, where the disk is looked for. */
    static boolean mayBeTheDisk(TarEntry entry) {
        boolean file = entry.type() == TarEntry.Type.REGULAR || entry.type() == TarEntry.Type.HARD_LINK;
        TarPath path = entry.path();
        return file && path != null && path.isUnder(TarPath.DISK) && !Hiding.isMark(path);
    }

    LayerFile run() throws RegistryException, UnusableImageException {
        for (int layer = 0; layer < layers.size(); layer++) {
            LayerChanges known = whole.get(layer);
            LayerFile found = known == null ? search(layer) : search(layer, known);
            if (found != null) {
                return found;
            }
        }
        throw new NoDiskFileException("the image " + choice.digest() + " has no regular file under /disk: " + findings);
    }

    private @Nullable LayerFile search(int layer) throws RegistryException, LayerException {
        boolean last = layer == layers.size() - 1;
        try (LayerScan scan = last ? source.open(layers.get(layer)) : source.openWhole(layers.get(layer))) {
            TarEntry entry = scan.next().orElse(null);
            while (entry != null) {
                findings.saw(entry);
                LayerFile found = fileOf(layer, scan.compression(), entry, scan::pause);
                if (found != null) {
                    if (!found.layer().equals(layers.get(layer).digest())) {
                        verifyLinking(layers.get(layer), scan);
                    }
                    return found;
                }
                entry = scan.next().orElse(null);
            }
            scan.verify();
            return null;
        }
    }

    /** A layer whose link leads to another one. */
    private void verifyLinking(Descriptor layer, LayerScan scan) throws RegistryException {
        if (!scan.verify()) {
            scan.pause();
            source.verify(layer);
        }
    }

    /** Of a layer that was read already, to see what it hides. */
    private @Nullable LayerFile search(int layer, LayerChanges changes) throws RegistryException, LayerException {
        for (TarEntry entry : changes.files()) {
            LayerFile found = fileOf(layer, changes.compression(), entry, () -> {});
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /** @param pause gives back the connection that the entry came over, before another one is opened */
    private @Nullable LayerFile fileOf(int layer, Compression compression, TarEntry entry, Runnable pause)
            throws RegistryException, LayerException {
        TarPath path = entry.path();
        if (path == null || !mayBeTheDisk(entry) || isHiddenAbove(layer, path, pause)) {
            return null;
        }
        if (entry.type() == TarEntry.Type.REGULAR) {
            return LayerFile.of(choice.digest(), layers.get(layer), compression, entry, path);
        }
        pause.run();
        LayerFile linked = links.follow(layer, entry, path).orElse(null);
        if (linked == null) {
            findings.remark("'" + path + "' is a hard link to nothing that is a regular file");
        }
        return linked;
    }

    private boolean isHiddenAbove(int layer, TarPath path, Runnable pause) throws RegistryException, LayerException {
        for (int upper = layer + 1; upper < layers.size(); upper++) {
            LayerChanges changes = whole.get(upper);
            if (changes == null) {
                pause.run();
                changes = readWhole(layers.get(upper));
                whole.put(upper, changes);
            }
            if (changes.hides(path)) {
                return true;
            }
        }
        return false;
    }

    private LayerChanges readWhole(Descriptor layer) throws RegistryException, LayerException {
        try (LayerScan scan = source.openWhole(layer)) {
            LayerChanges changes = new LayerChanges(scan.compression(), source.budget());
            TarEntry entry = scan.next().orElse(null);
            while (entry != null) {
                findings.saw(entry);
                changes.add(entry);
                entry = scan.next().orElse(null);
            }
            scan.verify();
            return changes;
        }
    }
}
