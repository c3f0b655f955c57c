package io.virtualimage.sandbox.simulator;

import io.virtualimage.watcher.Dependency;
import io.virtualimage.watcher.Lookup;
import io.virtualimage.watcher.Referent;
import io.virtualimage.watcher.Surroundings;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** The machines as one watcher process sees them: through a cache that an informer fills. There is nothing else. */
final class SimMachines implements Surroundings {
    private final SimProcess process;
    private final Machines machines;
    private final Faults faults;
    private final Dice dice;
    private final Consumer<String> onChange;
    private final SortedMap<String, Machines.Version> cache = new TreeMap<>();
    private final SortedSet<String> followers = new TreeSet<>();
    private int position;
    private boolean synced;

    SimMachines(SimProcess process, Machines machines, Faults faults, Dice dice, Consumer<String> onChange) {
        this.process = process;
        this.machines = machines;
        this.faults = faults;
        this.dice = dice;
        this.onChange = onChange;
        process.start("machines", this::inform);
    }

    private void inform() {
        process.effect("lists", "machines");
        machines.all().forEach(machine -> cache.put(machine.name(), machine));
        position = machines.history().size();
        synced = true;
        while (true) {
            process.scheduler().await(() -> position < machines.history().size(), Duration.ofDays(1));
            if (position < machines.history().size()) {
                if (faults.strike(0.1)) {
                    process.scheduler()
                            .await(null, Duration.ofMillis(dice.between(100, 20_000))); // the watch is silent
                }
                process.effect("watches machines", position);
                Machines.Version version = machines.history().get(position++);
                if (version.gone()) {
                    cache.remove(version.name());
                } else {
                    cache.put(version.name(), version);
                }
                followers.forEach(onChange);
            }
        }
    }

    @Override
    public void follow(String uid, Set<Dependency> dependencies) {
        dependencies.forEach(SimMachines::check);
        if (dependencies.isEmpty()) {
            followers.remove(uid);
        } else {
            followers.add(uid);
        }
    }

    @Override
    public Lookup look(Dependency dependency) {
        check(dependency);
        return synced ? known(cache.values()) : new Lookup.Unknown("simulated: not listed yet", false);
    }

    @Override
    public Surroundings live() {
        SimMachines cached = this;
        return new Surroundings() {
            @Override
            public void follow(String uid, Set<Dependency> dependencies) {
                cached.follow(uid, dependencies);
            }

            @Override
            public Lookup look(Dependency dependency) {
                check(dependency);
                process.effect("asks for", "machines");
                return faults.strike(0.1) ? new Lookup.Unknown("simulated: no answer", false) : known(machines.all());
            }

            @Override
            public Surroundings live() {
                return this;
            }
        };
    }

    private static void check(Dependency dependency) {
        if (dependency.kind() != Dependency.Kind.VIRTUAL_MACHINE) {
            throw new IllegalStateException("not simulated: " + dependency);
        }
    }

    private static Lookup known(Collection<Machines.Version> all) {
        return new Lookup.Known(all.stream().map(SimMachines::referent).toList());
    }

    private static Referent referent(Machines.Version machine) {
        Map<String, ?> status = Map.of(
                "phase",
                machine.running() ? "Running" : "Stopped",
                "blockDeviceRefs",
                List.of(Map.of("kind", "VirtualImage", "name", machine.image())));
        return new Referent(machine.name(), "uid-" + machine.name(), 1, false, Map.of(), status);
    }
}
