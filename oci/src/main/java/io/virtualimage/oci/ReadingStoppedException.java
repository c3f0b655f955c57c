package io.virtualimage.oci;

/**
 * Whoever looked on while blobs were read wants no more of them; the cause says why. The registry has done nothing wrong,
 * and asking it again at once would be stopped again.
 */
public final class ReadingStoppedException extends RegistryException {
    public ReadingStoppedException(Exception why) {
        super(Reason.UNAVAILABLE, "reading was stopped: " + why.getMessage(), why, null);
    }
}
