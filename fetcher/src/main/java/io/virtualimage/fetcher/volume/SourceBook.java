package io.virtualimage.fetcher.volume;

import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.topics.Event;
import org.jspecify.annotations.Nullable;

/** What is known of volumes, from {@code virtualimage.fetched}. */
public interface SourceBook {
    /**
     * What is known, with everything that was said before the call, by whichever replica.
     *
     * @throws UnknownException if that can't be found out now
     */
    SourceFacts read(WantedVolume volume) throws UnknownException, InterruptedException;

    /** As {@link #read}, or what was last read here and noted since: that may be short of what other replicas said. */
    SourceFacts recall(WantedVolume volume) throws UnknownException, InterruptedException;

    /** Takes down what this replica has said itself. */
    void note(Event.Fetched said);

    /** Nobody can say now. */
    final class UnknownException extends Exception {
        public UnknownException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
