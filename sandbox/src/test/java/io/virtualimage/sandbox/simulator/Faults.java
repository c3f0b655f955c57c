package io.virtualimage.sandbox.simulator;

/** Whether something goes wrong this time. */
final class Faults {
    private final Dice dice;
    private final Counts counts;
    private final double intensity;
    private boolean over;

    /** @param intensity from 0, nothing goes wrong, to about 2 */
    Faults(Dice dice, Counts counts, double intensity) {
        this.dice = dice;
        this.counts = counts;
        this.intensity = intensity;
    }

    boolean strike(double probability) {
        if (over || !dice.chance(probability * intensity)) {
            return false;
        }
        counts.faults++;
        return true;
    }

    boolean coin() {
        return dice.chance(0.5);
    }

    /** From now on all is well. */
    void end() {
        over = true;
    }
}
