package io.virtualimage.oci.layer;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What one whole layer has under {@code /disk}, and hides there of the layers below. */
final class LayerChanges {

    private final List<TarEntry> files = new ArrayList<>();
    private final Set<Hiding> hidden = new HashSet<>();
    private final Compression compression;
    private final ScanBudget budget;

    LayerChanges(Compression compression, ScanBudget budget) {
        this.compression = compression;
        this.budget = budget;
    }

    /** The layer's. */
    Compression compression() {
        return compression;
    }

    void add(TarEntry entry) throws LayerLimitException {
        Hiding hiding = Hiding.of(entry).orElse(null);
        if (hiding == null || !hiding.concerns(TarPath.DISK)) {
            return;
        }
        budget.takeRemembered(entry.place());
        hidden.add(hiding);
        if (DiskSearch.mayBeTheDisk(entry)) {
            files.add(entry);
        }
    }

    /** Files and hard links under {@code /disk}, in the archive's order. */
    List<TarEntry> files() {
        return files;
    }

    /** Whether that path of a lower layer is gone in this one. */
    boolean hides(TarPath lower) {
        if (has(Hiding.Kind.DIRECTORY, lower) || has(Hiding.Kind.REPLACED, lower)) {
            return true;
        }
        TarPath directory = lower;
        while (!directory.equals(TarPath.ROOT)) {
            directory = directory.parent();
            if (has(Hiding.Kind.REPLACED, directory) || has(Hiding.Kind.OPAQUE, directory)) {
                return true;
            }
        }
        return false;
    }

    private boolean has(Hiding.Kind kind, TarPath path) {
        return hidden.contains(new Hiding(path, kind));
    }
}
