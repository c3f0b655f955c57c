package io.virtualimage.sandbox.simulator;

import java.time.Duration;

/**
 * What a seed decides before a run begins.
 *
 * @param partitions of every topic
 * @param segmentBytes length of a segment
 * @param images how many there are
 * @param replicas of each service
 * @param faultIntensity how often calls fail: 0 never, 1 often
 * @param crashes chance of a crash at a step
 * @param pauses chance of a pause at a step
 * @param delays chance, at a step, that a reader falls behind
 * @param thefts chance, at a step, that an image is taken from the registry, or brought back
 * @param changes chance that a source becomes another file while it is wanted
 * @param chunkBytes how much of a layer goes to the registry at once
 * @param longestTick most milliseconds that pass with a step
 */
record Scenario(
        int partitions,
        int segmentBytes,
        int images,
        int replicas,
        double faultIntensity,
        double crashes,
        double pauses,
        double delays,
        double thefts,
        double changes,
        int chunkBytes,
        int longestTick) {
    /** Faults go on for so long. */
    static final Duration TROUBLE = Duration.ofSeconds(60);

    /** Afterwards everything has to be in order within this: less than it takes a fold to give a lost task out anew. */
    static final Duration RECOVERY = Duration.ofMinutes(4);

    /** For how long a source may give nothing. */
    static final Duration RETRY_BUDGET = Duration.ofSeconds(45);

    static final Duration UPLOAD_DEADLINE = Duration.ofMinutes(10);

    /** Trouble enough for defects to show early: of every kind, but more of some. */
    static Scenario rough(Dice dice, double pauses, double changes) {
        double often = 1.0 / dice.between(150, 400);
        return new Scenario(
                dice.between(1, 3),
                64,
                4,
                dice.between(2, 3),
                0.5,
                often,
                often * pauses,
                often,
                often,
                changes,
                2800,
                dice.between(5, 30));
    }

    /** The same without thefts, but with calls that fail four times as often. */
    Scenario silent() {
        return new Scenario(
                partitions,
                segmentBytes,
                images,
                replicas,
                faultIntensity * 4,
                crashes,
                pauses,
                delays,
                0,
                changes,
                chunkBytes,
                longestTick);
    }

    static Scenario of(Dice dice) {
        boolean calm = dice.chance(0.1);
        return new Scenario(
                dice.between(1, 3),
                64 << dice.between(0, 4),
                dice.between(1, 4),
                dice.between(1, 3),
                calm || dice.chance(0.3) ? 0 : dice.between(1, 20) / 10.0,
                calm ? 0 : 1.0 / (200 << dice.between(0, 4)),
                calm ? 0 : 1.0 / (200 << dice.between(0, 4)),
                calm ? 0 : 1.0 / (100 << dice.between(0, 4)),
                calm ? 0 : 1.0 / (400 << dice.between(0, 4)),
                0.15,
                dice.between(1, 4) * 2800,
                dice.between(1, 40));
    }
}
