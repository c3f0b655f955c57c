package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.topics.Topic;
import io.virtualimage.watcher.Reconciler;
import io.virtualimage.watcher.RequestPlanner;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A watcher process around the real {@link Reconciler}: an informer, a view of the topics, an election, a queue and one
 * actor. A leader that was paused believes that it leads until it finds out.
 */
final class SimWatcher {
    private static final Duration LEASE = Duration.ofSeconds(15);
    private static final Duration RENEW = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(2);
    private static final Duration RESYNC = Duration.ofSeconds(60);
    private static final Duration WARM_UP = Duration.ofMillis(500);
    private static final Duration FAILED = Duration.ofMillis(800);

    /** What the API server keeps for the election. */
    static final class Lease {
        private String holder = "";
        private long renewedAt;
    }

    private final SimProcess process;
    private final Lease lease;
    private final TopicView view;
    private final SimImageObjects objects;
    private final Reconciler reconciler;
    private final SortedMap<String, Long> due = new TreeMap<>();
    private boolean leading;
    private long renewedAt;

    SimWatcher(
            SimProcess process,
            Broker broker,
            KubeApi api,
            Machines machines,
            Lease lease,
            Announcer announcer,
            Faults faults,
            Saboteur saboteur,
            Dice dice,
            Duration withdrawnKept) {
        this.process = process;
        this.lease = lease;
        this.objects = new SimImageObjects(process, api, faults, uid -> add(uid, Duration.ZERO));
        this.reconciler = new Reconciler(
                new RequestPlanner(withdrawnKept),
                objects,
                saboteur.surroundings(new SimMachines(process, machines, faults, dice, uid -> add(uid, Duration.ZERO))),
                announcer,
                uid -> {
                    process.effect("has forgotten", uid);
                    broker.appendTombstone(Topic.REQUESTS, uid);
                },
                process.clock(),
                () -> leading);
        this.view = new TopicView(process, broker, List.of(Topic.REQUESTS, Topic.PUBLISHED), "view", dice, this::heard);
        process.start("election", this::stand);
        process.start("reconciler", this::reconcile);
    }

    private void heard(Broker.Entry entry, Topic topic) {
        reconciler.heard(new ViewRecord(topic, entry.key(), entry.recorded()));
        add(entry.key(), Duration.ZERO);
    }

    private void add(String uid, Duration delay) {
        due.merge(uid, process.scheduler().millis() + delay.toMillis(), Math::min);
    }

    private void lookAtAll() {
        reconciler.uids().stream().sorted().forEach(uid -> add(uid, Duration.ZERO));
    }

    private void stand() {
        while (true) {
            process.effect("stands for", "election");
            long now = process.scheduler().millis();
            boolean mine = lease.holder.equals(process.name());
            if (leading && (!mine || now - renewedAt > RENEW.toMillis())) {
                leading = false;
            }
            if (mine || lease.holder.isEmpty() || now - lease.renewedAt > LEASE.toMillis()) {
                lease.holder = process.name();
                lease.renewedAt = now;
                renewedAt = now;
                if (!leading) {
                    leading = true;
                    lookAtAll();
                }
            }
            process.scheduler().await(null, RETRY);
        }
    }

    private void reconcile() throws InterruptedException {
        long resynced = 0;
        while (true) {
            long now = process.scheduler().millis();
            long next = due.values().stream().mapToLong(at -> at).min().orElse(Long.MAX_VALUE);
            long idle = Math.min(next, resynced + RESYNC.toMillis()) - now;
            process.scheduler().await(this::hasDue, Duration.ofMillis(Math.max(0, idle)));
            if (process.scheduler().millis() - resynced >= RESYNC.toMillis()) {
                resynced = process.scheduler().millis();
                lookAtAll();
            }
            Optional<String> uid = nextDue();
            if (uid.isPresent()) {
                due.remove(uid.get());
                look(uid.get());
            }
        }
    }

    private boolean hasDue() {
        return nextDue().isPresent();
    }

    private Optional<String> nextDue() {
        long now = process.scheduler().millis();
        return due.entrySet().stream()
                .filter(entry -> entry.getValue() <= now)
                .map(java.util.Map.Entry::getKey)
                .findFirst();
    }

    private void look(String uid) throws InterruptedException {
        if (!leading) {
            return;
        }
        if (!view.caughtUp() || !objects.synced()) {
            add(uid, WARM_UP);
            return;
        }
        process.effect("reconciles", uid);
        try {
            reconciler.reconcile(uid).ifPresent(delay -> add(uid, delay));
        } catch (AnnouncementException | KubeApi.ConflictException e) {
            add(uid, FAILED);
        }
    }
}
