package io.virtualimage.sandbox.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/**
 * Runs the protocol through many seeds. System properties: {@code simulator.seed} runs that seed alone, {@code
 * simulator.lines} is how much of its trace is shown (60); {@code simulator.first} and {@code simulator.steps} say where
 * to begin and how far to go, for longer searches.
 */
class ProtocolSimulatorTest {
    private static final long STEPS = 150_000;

    /** A defect has to be found within so many seeds. */
    private static final int PATIENCE = 150;

    /** What the stages log is about trouble that is made on purpose here. */
    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("io.virtualimage");

    private static @Nullable Level level;

    @BeforeAll
    static void muteLog() {
        level = LOGGER.getLevel();
        LOGGER.setLevel(Level.OFF);
    }

    @AfterAll
    static void unmuteLog() {
        LOGGER.setLevel(level);
    }

    @Test
    void holdsItsInvariantsWhateverHappens() {
        Long only = Long.getLong("simulator.seed");
        if (only != null) {
            run(only, new Counts());
            return;
        }
        long first = Long.getLong("simulator.first", 1);
        long steps = Long.getLong("simulator.steps", STEPS);
        long begun = System.nanoTime();
        Counts total = new Counts();
        long seed = first;
        while (total.steps < steps) {
            run(seed++, total);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        report("seeds %d to %d in %d ms: %s".formatted(first, seed - 1, took.toMillis(), total));
        assertThat(total.ready).as("images that became Ready").isPositive();
        assertThat(total.waited).as("deletions that waited for machines").isPositive();
    }

    @Test
    void goesTheSameWayTwice() {
        assertThat(digest(7)).isEqualTo(digest(7)).isNotEqualTo(digest(8));
    }

    private static long digest(long seed) {
        Simulation simulation = new Simulation(seed, new Saboteur());
        simulation.run();
        return simulation.trace().digest();
    }

    static Stream<Saboteur> saboteurs() {
        return Saboteurs.all().stream();
    }

    /** What the simulator would not find out, it would not be worth running. */
    @ParameterizedTest
    @MethodSource("saboteurs")
    void findsDefects(Saboteur saboteur) {
        Optional<String> found = LongStream.rangeClosed(1, PATIENCE)
                .mapToObj(seed -> flaw(seed, saboteur))
                .flatMap(Optional::stream)
                .findFirst();
        assertThat(found).as(saboteur.name()).isPresent();
        report("defect '%s': %s".formatted(saboteur.name(), found.orElseThrow()));
    }

    private static Optional<String> flaw(long seed, Saboteur saboteur) {
        try {
            new Simulation(seed, saboteur).run();
            return Optional.empty();
        } catch (BrokenInvariantError e) {
            return Optional.of("seed %d: %s".formatted(seed, firstLine(e)));
        }
    }

    private static String firstLine(BrokenInvariantError e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private static void run(long seed, Counts total) {
        Simulation simulation = new Simulation(seed, new Saboteur());
        try {
            simulation.run();
        } catch (BrokenInvariantError e) {
            List<String> lines = simulation.trace().last(Integer.getInteger("simulator.lines", 60));
            fail(
                    "seed %d: %s%n%s%n%s%nTo see it again: -Dtest=ProtocolSimulatorTest -Dsimulator.seed=%d"
                            .formatted(seed, e.getMessage(), simulation.scenario(), String.join("\n", lines), seed),
                    e);
        } finally {
            total.add(simulation.counts());
        }
    }

    @SuppressWarnings("SystemOut") // what it came to belongs into the build's output
    private static void report(String line) {
        System.out.println("protocol simulator: " + line);
    }
}
