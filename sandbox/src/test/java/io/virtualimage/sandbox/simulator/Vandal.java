package io.virtualimage.sandbox.simulator;

import io.virtualimage.oci.FetchedManifest;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.publisher.PublicNames;
import io.virtualimage.topics.Incarnation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Takes images away from the registry behind everybody's back, and brings them back, wanted or not. */
final class Vandal {
    private record Place(Repository repository, Tag tag) {}

    private final InMemoryRegistry registry;
    private final Truth truth;
    private final Scheduler scheduler;
    private final Counts counts;
    private final Map<Place, FetchedManifest> booty = new LinkedHashMap<>();

    Vandal(InMemoryRegistry registry, Truth truth, Scheduler scheduler, Counts counts) {
        this.registry = registry;
        this.truth = truth;
        this.scheduler = scheduler;
        this.counts = counts;
    }

    /** Takes one of the manifests that there are, or brings one back. */
    void strike(Dice dice) {
        List<Place> all = new ArrayList<>(booty.keySet());
        for (Incarnation image : truth.anyVersions()) {
            Repository repository = Cluster.NAMES.repository(image);
            registry.listTags(repository).stream()
                    .filter(tag -> PublicNames.version(image, tag).isPresent())
                    .map(tag -> new Place(repository, tag))
                    .filter(place -> !booty.containsKey(place))
                    .forEach(all::add);
        }
        if (all.isEmpty()) {
            return;
        }
        Place place = dice.pick(all);
        if (booty.containsKey(place)) {
            bringBack(place);
        } else {
            take(place);
        }
    }

    private void take(Place place) {
        scheduler.note("a vandal", "takes", place);
        counts.thefts++;
        try {
            FetchedManifest manifest = registry.getManifest(place.repository(), place.tag());
            booty.put(place, manifest);
            truth.stolen(place.repository(), place.tag());
            registry.deleteManifest(place.repository(), manifest.descriptor().digest());
        } catch (RegistryException e) {
            throw new IllegalStateException("the registry broke", e);
        }
    }

    private void bringBack(Place place) {
        scheduler.note("a vandal", "brings back", place);
        FetchedManifest manifest = booty.remove(place);
        try {
            registry.putManifest(
                    place.repository(),
                    place.tag(),
                    manifest.bytes(),
                    manifest.descriptor().mediaType());
        } catch (RegistryException e) {
            throw new IllegalStateException("the registry broke", e);
        }
    }

    /** Brings all of it back. */
    void repent() {
        List.copyOf(booty.keySet()).forEach(this::bringBack);
    }
}
