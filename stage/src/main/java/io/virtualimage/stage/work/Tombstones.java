package io.virtualimage.stage.work;

import io.virtualimage.topics.Topic;

/** Makes compacted topics forget. */
public interface Tombstones {
    /**
     * Puts a record without a value on the topic; on return the broker has it for good, and what was said of the image
     * there goes with the next compaction. May be done again.
     *
     * @throws AnnouncementException if the broker did not take it in time; it may have it or not
     */
    void forget(Topic topic, String uid) throws AnnouncementException, InterruptedException;
}
