package io.virtualimage.sandbox.simulator;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** All chance of a run, from one seed. */
final class Dice {
    private final RandomGenerator random;

    Dice(long seed) {
        // Mixed, so that neighbouring seeds have nothing in common.
        this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed * 0x9E3779B97F4A7C15L + 0x632BE5ABL);
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    /** From {@code least} to {@code most}, both included. */
    int between(int least, int most) {
        return random.nextInt(least, most + 1);
    }

    /** Mostly near {@code least}, now and then up to {@code most}. */
    int skewed(int least, int most) {
        double x = random.nextDouble();
        return least + (int) ((most - least + 1) * x * x * x);
    }

    <T> T pick(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    long number() {
        return random.nextLong();
    }
}
