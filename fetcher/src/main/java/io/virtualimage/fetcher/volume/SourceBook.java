package io.virtualimage.fetcher.volume;

import io.virtualimage.stage.fold.SourceFacts;

/** What is known of volumes, from {@code virtualimage.fetched}. */
public interface SourceBook {
    /**
     * What is known, with everything that was said before the call, by whichever replica.
     *
     * @throws UnknownException if that can't be found out now
     */
    SourceFacts read(WantedVolume volume) throws UnknownException, InterruptedException;

    /** As {@link #read}, or what was last read here: that may be short of what was said since. */
    SourceFacts recall(WantedVolume volume) throws UnknownException, InterruptedException;

    /** Nobody can say now. */
    final class UnknownException extends Exception {
        public UnknownException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
