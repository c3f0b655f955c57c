package io.virtualimage.watcher;

import io.virtualimage.topics.ImageUse;
import io.virtualimage.watcher.Dependency.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who uses an image: each VirtualMachine of its namespace that has it among its devices and is not {@code Stopped}.
 * Decides only; what there is, it is told.
 */
sealed interface UseReading {
    /** So many machines are named and no more, in the order of their names: a record must not grow with a namespace. */
    int NAMED = 100;

    /** These use it, maybe none; not all of them if there are {@value #NAMED}. */
    record Known(List<String> machines) implements UseReading {
        /** As it stands in a request; null if nobody uses it. */
        @Nullable
        ImageUse use(boolean deletionAsked) {
            return machines.isEmpty() ? null : new ImageUse(machines, deletionAsked);
        }
    }

    /** Nobody can tell yet. */
    record Unclear() implements UseReading {}

    /** What has to be looked at to tell. */
    static Dependency needs(WantedImage image) {
        return Dependency.allIn(image.namespace(), Kind.VIRTUAL_MACHINE);
    }

    static UseReading of(WantedImage image, Surroundings surroundings) {
        return switch (surroundings.look(needs(image))) {
            case Lookup.Known(List<Referent> machines) ->
                new Known(machines.stream()
                        .filter(machine -> !machine.isStopped() && machine.hasDevice(Kind.VIRTUAL_IMAGE, image.name()))
                        .map(Referent::name)
                        .sorted()
                        .limit(NAMED)
                        .toList());
            // Where machines are no kind of resource, there are none.
            case Lookup.Unserved(boolean lasting) -> lasting ? new Known(List.of()) : new Unclear();
            case Lookup.Unknown ignored -> new Unclear();
        };
    }
}
