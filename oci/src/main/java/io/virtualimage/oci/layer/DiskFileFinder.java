package io.virtualimage.oci.layer;

import io.virtualimage.oci.ManifestReference;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.Platform;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;

/**
 * Finds the disk of a container image: the first regular file under {@code /disk}, in the order of layers and then of
 * each archive, that a container would see. So a file that an upper layer replaces is found in that upper layer, and one
 * that it removes is not found. A hard link counts as the file that it means, a symbolic link as none.
 *
 * <p>Reads as little as will do. Of a layer without compression, headers are read by ranges, so that one of gigabytes
 * costs kilobytes; a compressed one is read up to the file. Layers above the file are read to their end, each once, for
 * what they hide; so an image of one layer, which most container disks are, is read up to the file and no further.
 *
 * <p>Verified here are manifests, and the layers that decide which file it is without holding it, unless they are both
 * uncompressed and long: those are read by ranges, and what they hide is believed. Whoever reads the file's own layer
 * verifies that one, and with {@link LayerArchive} also that the file is in it.
 *
 * <p>Has no state; safe for use by many threads if the decompressor is.
 */
public final class DiskFileFinder {

    private final LayerDecompressor decompressor;
    private final ScanLimits limits;

    public DiskFileFinder(LayerDecompressor decompressor, ScanLimits limits) {
        this.decompressor = decompressor;
        this.limits = limits;
    }

    /** As {@link #find(OciRegistry, Repository, ManifestReference, Platform, ReadWatch)}, with nobody who looks on. */
    public LayerFile find(OciRegistry registry, Repository repository, ManifestReference reference, Platform platform)
            throws RegistryException, UnusableImageException {
        return find(registry, repository, reference, platform, ReadWatch.NONE);
    }

    /**
     * Finds the file; only reads, one blob at a time, and gives the same answer for the same digest.
     *
     * @param reference of an image or an index
     * @param platform what to choose from an index
     * @param watch is asked before and after each read of a layer
     * @throws RegistryException if the registry can't be read, or if the watch stopped it
     * @throws UnusableImageException if the image has no such file, or is damaged, or is of a kind that is not supported
     */
    public LayerFile find(
            OciRegistry registry,
            Repository repository,
            ManifestReference reference,
            Platform platform,
            ReadWatch watch)
            throws RegistryException, UnusableImageException {
        ImageChoice choice = ImageChoice.read(registry, repository, reference, platform);
        LayerSource source = new LayerSource(registry, repository, decompressor, new ScanBudget(limits), watch);
        return new DiskSearch(source, choice).run();
    }
}
