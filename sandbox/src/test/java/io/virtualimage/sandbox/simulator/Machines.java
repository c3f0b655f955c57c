package io.virtualimage.sandbox.simulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The API server's VirtualMachines, each with one image among its devices; watchers see the versions late. */
final class Machines {
    /** One version of a machine; deleted for good if {@code gone}. */
    record Version(String name, String image, boolean running, boolean gone) {}

    private final Map<String, Version> machines = new TreeMap<>();
    private final List<Version> history = new ArrayList<>();

    /** All versions of all machines, in the order of their making. */
    List<Version> history() {
        return history;
    }

    /** The machines that there are. */
    List<Version> all() {
        return List.copyOf(machines.values());
    }

    /** Whether a machine that runs has the image of this name. */
    boolean use(String image) {
        return machines.values().stream().anyMatch(machine -> machine.running && machine.image.equals(image));
    }

    void start(String name, String image) {
        put(new Version(name, image, true, false));
    }

    void stop(String name) {
        Version machine = machines.get(name);
        if (machine != null) {
            put(new Version(name, machine.image, false, false));
        }
    }

    void delete(String name) {
        Version machine = machines.remove(name);
        if (machine != null) {
            history.add(new Version(name, machine.image, false, true));
        }
    }

    private void put(Version next) {
        machines.put(next.name, next);
        history.add(next);
    }
}
