package io.virtualimage.stage.process;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BooleanSupplier;

/** Parts of a process that can be fine or not, by name. */
final class Readiness {
    private final Map<String, BooleanSupplier> parts = new ConcurrentSkipListMap<>();

    void add(String name, BooleanSupplier fine) {
        parts.put(name, fine);
    }

    /** The names of the parts that are not. */
    List<String> lacking() {
        return parts.entrySet().stream()
                .filter(part -> !part.getValue().getAsBoolean())
                .map(Map.Entry::getKey)
                .toList();
    }
}
