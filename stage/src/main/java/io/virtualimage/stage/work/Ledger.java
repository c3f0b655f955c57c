package io.virtualimage.stage.work;

import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import java.util.Optional;

/** What is wanted now, from {@code virtualimage.requests}. */
public interface Ledger {
    /** What the ledger says of an incarnation. */
    enum Verdict {
        /** It is the newest one, and not withdrawn. */
        WANTED,
        /** A newer one is wanted instead, or the image was withdrawn. */
        STALE
    }

    /**
     * Waits until the ledger has read past the cause, then judges.
     *
     * @throws LedgerBehindException if it has not come that far in a reasonable time
     */
    Verdict judge(Incarnation image, Position cause) throws LedgerBehindException, InterruptedException;

    /** As {@link #judge}, but from what is known by now, without waiting: for a look at it in the middle of work. */
    Verdict judgeNow(Incarnation image);

    /**
     * What is wanted of an image; empty if it is withdrawn or was never heard of.
     *
     * @throws LedgerBehindException as long as the ledger has not read all that there was when it started
     */
    Optional<Incarnation> wanted(String uid) throws LedgerBehindException;

    /** The ledger can't judge yet. */
    final class LedgerBehindException extends Exception {
        public LedgerBehindException(String message) {
            super(message);
        }
    }
}
