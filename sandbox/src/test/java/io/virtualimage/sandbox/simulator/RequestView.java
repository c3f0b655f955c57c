package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.work.Ledger;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A process's ledger; it judges as the real one does. */
final class RequestView implements Ledger {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final SimProcess process;
    private final TopicView view;
    private final Map<String, Incarnation> highest = new HashMap<>();
    private final Set<String> withdrawn = new HashSet<>();

    RequestView(SimProcess process, Broker broker, Dice dice) {
        this.process = process;
        this.view =
                new TopicView(process, broker, List.of(Topic.REQUESTS), "ledger", dice, (entry, topic) -> take(entry));
    }

    private void take(Broker.Entry entry) {
        if (entry.recorded() == null) {
            highest.remove(entry.key());
            withdrawn.remove(entry.key());
            return;
        }
        Event event = entry.recorded().event();
        highest.merge(entry.key(), event.image(), (a, b) -> a.isAfter(b) ? a : b);
        if (event instanceof Event.ImageWithdrawn) {
            withdrawn.add(entry.key());
        }
    }

    @Override
    public Verdict judge(Incarnation image, Position cause) throws LedgerBehindException {
        if (!hasPassed(cause)) {
            process.scheduler().await(() -> hasPassed(cause), PATIENCE);
        }
        if (!hasPassed(cause)) {
            throw new LedgerBehindException("the ledger has not read " + cause);
        }
        return judgeNow(image);
    }

    private boolean hasPassed(Position cause) {
        return view.position(Topic.REQUESTS, cause.partition()) > cause.offset();
    }

    @Override
    public Verdict judgeNow(Incarnation image) {
        Incarnation newest = highest.get(image.uid());
        boolean wanted = newest != null && !newest.isAfter(image) && !withdrawn.contains(image.uid());
        return wanted ? Verdict.WANTED : Verdict.STALE;
    }

    @Override
    public Optional<Incarnation> wanted(String uid) throws LedgerBehindException {
        if (!view.caughtUp()) {
            throw new LedgerBehindException("the ledger has not read all that there was when it began");
        }
        return withdrawn.contains(uid) ? Optional.empty() : Optional.ofNullable(highest.get(uid));
    }
}
