package io.virtualimage.oci.layer;

/** What is left of the {@link ScanLimits} of one search. */
final class ScanBudget {

    private final ScanLimits limits;
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
}
