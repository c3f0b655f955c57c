package io.virtualimage.sandbox.simulator;

import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageLost;
import io.virtualimage.topics.Event.Request;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.TaskDeferred;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One run, from a seed: a time of trouble, then a time in which all has to come in order. */
final class Simulation {
    /** After all is in order: time enough for the sweepers to come by twice, and for the last sweep of each image. */
    private static final Duration AFTERMATH = Duration.ofSeconds(100);

    private final long seed;
    private final Dice dice;
    private final Trace trace = new Trace();
    private final Counts counts = new Counts();
    private final Scenario scenario;
    private final Scheduler scheduler;
    private final Faults faults;
    private final Broker broker;
    private final InMemoryRegistry registry = new InMemoryRegistry();
    private final Map<String, SourceFile> web = new TreeMap<>();
    private final Truth truth;
    private final KubeApi api;
    private final Machines machines = new Machines();
    private final Cluster cluster;
    private final Users users;
    private final Vandal vandal;

    Simulation(long seed, Saboteur saboteur) {
        this.seed = seed;
        this.dice = new Dice(seed);
        this.scenario = saboteur.scenario(dice);
        this.scheduler = new Scheduler(dice, trace, scenario.longestTick());
        this.faults = new Faults(dice, counts, scenario.faultIntensity());
        this.truth = new Truth(registry, Cluster.NAMES);
        this.api = new KubeApi(truth::changed);
        this.broker = new Broker(scheduler, scenario.partitions(), this::appended);
        this.cluster = new Cluster(
                scheduler, scenario, dice, faults, counts, saboteur, broker, web, registry, api, machines, truth);
        this.users = new Users(scheduler, scenario, dice, api, machines, truth, web, counts);
        this.vandal = new Vandal(registry, truth, scheduler, counts);
    }

    private void appended(Event event) {
        if (event instanceof StageFailed failure) {
            truth.failed(failure);
        } else if (event instanceof Request request) {
            truth.requested(request);
            users.requested(request);
        } else if (event instanceof ImageLost loss) {
            truth.lost(loss);
        } else if (event instanceof TaskDeferred deferred && deferred.deferral() == Deferral.FAULT) {
            throw new BrokenInvariantError("a worker broke: " + deferred);
        }
    }

    Counts counts() {
        return counts;
    }

    Trace trace() {
        return trace;
    }

    Scenario scenario() {
        return scenario;
    }

    long seed() {
        return seed;
    }

    /** Runs to the end; throws as soon as something is as it must never be. */
    void run() {
        try {
            users.begin();
            long trouble = Scenario.TROUBLE.toMillis();
            while (scheduler.millis() < trouble && scheduler.step()) {
                misfortune();
            }
            calm();
            recover(trouble + Scenario.RECOVERY.toMillis());
            long end = scheduler.millis() + AFTERMATH.toMillis();
            while (scheduler.millis() < end && scheduler.step()) {
                // The sweepers come by.
            }
            judge();
        } finally {
            counts.runs++;
            counts.steps += scheduler.steps();
            counts.simulatedMillis += scheduler.millis();
            scheduler.close();
        }
    }

    private void misfortune() {
        if (dice.chance(scenario.crashes())) {
            Replica replica = dice.pick(cluster.replicas());
            if (!replica.life().dead()) {
                counts.crashes++;
                cluster.interrupted(replica);
                replica.crash(Duration.ofMillis(dice.skewed(300, 15_000)));
            }
        }
        if (dice.chance(scenario.pauses())) {
            Replica replica = dice.pick(cluster.replicas());
            if (replica.running()) {
                counts.pauses++;
                cluster.interrupted(replica);
                replica.pause(Duration.ofMillis(dice.skewed(50, 45_000)));
            }
        }
        if (dice.chance(scenario.delays())) {
            broker.delaySomeone(dice);
        }
        if (dice.chance(scenario.thefts())) {
            vandal.strike(dice);
        }
    }

    private void calm() {
        scheduler.note("all", "is well", "from now on");
        faults.end();
        broker.endDelays();
        users.end();
        vandal.repent();
        cluster.replicas().forEach(Replica::resume);
    }

    private void recover(long deadline) {
        while (!truth.unsettled(api, uid -> "").isEmpty() || cluster.openTasks() > 0) {
            if (scheduler.millis() > deadline || !scheduler.step()) {
                break;
            }
        }
        List<String> unsettled = new ArrayList<>(truth.unsettled(api, cluster::beliefs));
        if (!unsettled.isEmpty()) {
            throw new BrokenInvariantError("stuck: " + String.join("; ", unsettled));
        }
    }

    private void judge() {
        List<String> wrong = new ArrayList<>(truth.unsettled(api, cluster::beliefs));
        wrong.addAll(truth.wrongTags(api));
        if (scenario.faultIntensity() == 0) {
            wrong.addAll(truth.rereadings(scenario.segmentBytes()));
        }
        cluster.staging().objectNames().forEach(name -> wrong.add(name + " is still staged"));
        if (!wrong.isEmpty()) {
            throw new BrokenInvariantError("in the end: " + String.join("; ", wrong));
        }
        users.count(counts);
    }
}
