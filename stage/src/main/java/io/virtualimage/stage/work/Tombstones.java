package io.virtualimage.stage.work;

/** Makes {@code virtualimage.requests} forget images. */
public interface Tombstones {
    /**
     * Puts a record without a value there; on return the broker has it for good. The folds then forget the image too, and
     * do the same on the topics that they own. May be done again.
     *
     * @throws AnnouncementException if the broker did not take it in time; it may have it or not
     */
    void forget(String uid) throws AnnouncementException, InterruptedException;
}
