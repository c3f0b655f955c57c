package io.virtualimage.sandbox.simulator;

import io.virtualimage.publisher.care.Place;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.statuswriter.ImageApi;
import io.virtualimage.topics.Event;
import io.virtualimage.watcher.Surroundings;

/** Puts defects into the protocol, through its ports, to see whether they are found. This one puts in none. */
class Saboteur {
    /** A name for reports. */
    String name() {
        return "none";
    }

    /** Where it is looked for. */
    Scenario scenario(Dice dice) {
        return Scenario.of(dice);
    }

    Ledger ledger(Ledger ledger) {
        return ledger;
    }

    ImageApi imageApi(ImageApi api) {
        return api;
    }

    Surroundings surroundings(Surroundings surroundings) {
        return surroundings;
    }

    StagingStore staging(StagingStore staging) {
        return staging;
    }

    /** What a caretaker sees of the registry. */
    Place place(Place place) {
        return place;
    }

    /** Whether a fold is shown this event. */
    boolean shows(Event event) {
        return true;
    }

    /** Whether each owner of a partition writes states under keys of its own. */
    boolean fencesStates() {
        return true;
    }

    /** Whether a host that stood still for long drops what it has in memory. */
    boolean refusesAfterPause() {
        return true;
    }

    /** Whether a host that takes over gives out again what may have been lost. */
    boolean doubts() {
        return true;
    }

    /** Whether tasks are acknowledged before what came of them is announced. */
    boolean acknowledgesFirst() {
        return false;
    }

    @Override
    public String toString() {
        return name();
    }
}
