package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.Incarnation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The object store as one process sees it: now and then it does what was asked and does not say so, or neither. */
final class SimStaging implements StagingStore {
    private final SimProcess process;
    private final InMemoryStagingStore store;
    private final Faults faults;

    SimStaging(SimProcess process, InMemoryStagingStore store, Faults faults) {
        this.process = process;
        this.store = store;
        this.faults = faults;
    }

    @Override
    public Optional<SegmentFacts> put(
            SegmentKey key, @Nullable String session, int lengthBytes, InputStream body, Overwrite overwrite)
            throws IOException, StagingUnavailableException {
        // Others run while the body comes in; then the object is there, all of it.
        byte[] bytes = new byte[lengthBytes];
        int length = 0;
        int count = 0;
        while (length < lengthBytes && count >= 0) {
            count = body.read(bytes, length, lengthBytes - length);
            length += Math.max(0, count);
        }
        boolean late = before("puts", key.objectName());
        Optional<SegmentFacts> facts =
                store.put(key, session, lengthBytes, new ByteArrayInputStream(Arrays.copyOf(bytes, length)), overwrite);
        after(late);
        return facts;
    }

    @Override
    public Optional<SegmentFacts> facts(SegmentKey key) throws StagingUnavailableException {
        after(before("looks for", key.objectName()));
        return store.facts(key);
    }

    @Override
    public byte[] read(SegmentKey key, @Nullable String session)
            throws SegmentLostException, StagingUnavailableException {
        after(before("reads", key.objectName()));
        return store.read(key, session);
    }

    @Override
    public void putDocument(Incarnation image, int epoch, String name, byte[] document)
            throws StagingUnavailableException {
        boolean late = before("writes " + name, image);
        store.putDocument(image, epoch, name, document);
        after(late);
    }

    @Override
    public Optional<byte[]> getDocument(Incarnation image, int epoch, String name) throws StagingUnavailableException {
        after(before("reads " + name, image));
        return store.getDocument(image, epoch, name);
    }

    @Override
    public void clean(Incarnation image, boolean keepCurrent) throws StagingUnavailableException {
        boolean late = before(keepCurrent ? "cleans before" : "cleans", image);
        store.clean(image, keepCurrent);
        after(late);
    }

    @Override
    public List<String> stagedUids() throws StagingUnavailableException {
        after(before("lists", "staging"));
        return store.stagedUids();
    }

    @Override
    public void cleanAll(String uid) throws StagingUnavailableException {
        boolean late = before("cleans all of", uid);
        store.cleanAll(uid);
        after(late);
    }

    /** Returns whether the answer is to be lost. */
    private boolean before(String what, Object detail) throws StagingUnavailableException {
        process.effect(what, detail);
        if (!faults.strike(0.01)) {
            return false;
        }
        if (faults.coin()) {
            return true;
        }
        throw new StagingUnavailableException("simulated: no answer", null);
    }

    private static void after(boolean late) throws StagingUnavailableException {
        if (late) {
            throw new StagingUnavailableException("simulated: the answer was lost", null);
        }
    }
}
