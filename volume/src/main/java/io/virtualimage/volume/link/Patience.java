package io.virtualimage.volume.link;

import java.time.Duration;

/**
 * How to wait for a service that doesn't answer as it should.
 *
 * @param first the pause after the first failure; doubled after each further one
 * @param longest no pause is longer
 * @param unknown for how long a service may say that it doesn't know this work: a replica may have heard of it later
 * @param away for how long nobody may answer at all
 */
public record Patience(Duration first, Duration longest, Duration unknown, Duration away) {
    /** Of the program in a Pod. */
    public static final Patience USUAL =
            new Patience(Duration.ofMillis(250), Duration.ofSeconds(15), Duration.ofMinutes(1), Duration.ofMinutes(10));

    /** @param failures how many there were in a row, from 1 */
    Duration pause(int failures) {
        Duration pause = first.multipliedBy(1L << Math.min(failures - 1, 16));
        return pause.compareTo(longest) < 0 ? pause : longest;
    }
}
