package io.virtualimage.fetcher;

import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.stage.work.Ledger.LedgerBehindException;
import io.virtualimage.topics.Incarnation;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Removes what is staged for nobody: what a paused worker left behind after its image was cleaned, or an image whose
 * events are lost. Every replica may do it, at any time.
 */
public final class StagingSweeper {
    private final StagingStore staging;
    private final Ledger ledger;

    /**
     * Images that were unwanted at the last sweep. A ledger may be behind another replica's, which saw a new image
     * first: so nothing goes before it was unwanted twice.
     */
    private final Set<String> suspects = new HashSet<>();

    public StagingSweeper(StagingStore staging, Ledger ledger) {
        this.staging = staging;
        this.ledger = ledger;
    }

    /**
     * Looks at all that is staged, once.
     *
     * @throws LedgerBehindException if nothing can be said of what is wanted yet; then nothing more is touched
     */
    public synchronized void sweep() throws LedgerBehindException, StagingUnavailableException, InterruptedException {
        Set<String> unwanted = new HashSet<>();
        for (String uid : staging.stagedUids()) {
            Optional<Incarnation> wanted = ledger.wanted(uid);
            if (wanted.isPresent()) {
                staging.clean(wanted.get(), true);
            } else if (suspects.contains(uid)) {
                staging.cleanAll(uid);
            } else {
                unwanted.add(uid);
            }
        }
        suspects.clear();
        suspects.addAll(unwanted);
    }
}
