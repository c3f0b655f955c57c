package io.virtualimage.oci.layer;

/** What is left of the {@link ScanLimits} of one search. */
final class ScanBudget {

    /** Entries under {@code /disk} of layers above a file that was found. */
    private static final int MAX_REMEMBERED = 4096;
    /** Hard links under {@code /disk}; for each of them layers are read once more. */
    private static final int MAX_LINKS_FOLLOWED = 16;

    private final ScanLimits limits;
    private int rememberedLeft = MAX_REMEMBERED;
    private int linksLeft = MAX_LINKS_FOLLOWED;
    private long entriesLeft;
    private long unpackedBytesLeft;

    ScanBudget(ScanLimits limits) {
        this.limits = limits;
        this.entriesLeft = limits.maxEntries();
        this.unpackedBytesLeft = limits.maxUnpackedBytes();
    }

    int maxHeaderBytes() {
        return limits.maxHeaderBytes();
    }

    void takeEntry(LayerPlace place) throws LayerLimitException {
        if (entriesLeft == 0) {
            throw place.overLimit("the image's layers have more than " + limits.maxEntries() + " entries");
        }
        entriesLeft--;
    }

    void takeUnpacked(long bytes, LayerPlace place) throws LayerLimitException {
        if (bytes > unpackedBytesLeft) {
            throw place.overLimit(
                    "searching the image's layers means to unpack more than " + limits.maxUnpackedBytes() + " bytes");
        }
        unpackedBytesLeft -= bytes;
    }

    /** An entry is to be held in memory. */
    void takeRemembered(LayerPlace place) throws LayerLimitException {
        if (rememberedLeft == 0) {
            throw place.overLimit("the image's upper layers have more than " + MAX_REMEMBERED + " entries under /disk");
        }
        rememberedLeft--;
    }

    /** A hard link is to be followed. */
    void takeLink(LayerPlace place) throws LayerLimitException {
        if (linksLeft == 0) {
            throw place.overLimit("the image has more than " + MAX_LINKS_FOLLOWED + " hard links under /disk to nothing"
                    + " that is a regular file");
        }
        linksLeft--;
    }
}
