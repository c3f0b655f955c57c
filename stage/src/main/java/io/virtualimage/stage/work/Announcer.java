package io.virtualimage.stage.work;

import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;

/** Puts events on their topics. */
public interface Announcer {
    /**
     * Says it; on return the broker has it for good. May be said twice, by a retry.
     *
     * @throws AnnouncementException if the broker did not take it in time; it may have it or not
     */
    void announce(Event event) throws AnnouncementException, InterruptedException;

    /** Puts away what can't be worked on, under the key that it had. As durable as {@link #announce}. */
    void bury(String key, DeadLetter letter) throws AnnouncementException, InterruptedException;
}
