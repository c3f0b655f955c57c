package io.virtualimage.disk.cli;

/** Sizes as people read them: three digits and a binary unit, {@code 1.5 GiB}. */
final class HumanSize {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private HumanSize() {}

    /** @param bytes 0 or more */
    static String of(long bytes) {
        int unit = 0;
        // What would be a number of four digits is told in the next unit.
        while (unit < UNITS.length - 1 && bytes / 1000.0 >= Math.scalb(1.0, 10 * unit)) {
            unit++;
        }
        double value = Math.scalb((double) bytes, -10 * unit);
        long fractions = 1;
        for (double limit = 100; limit >= 0.1 && value < limit && unit > 0; limit /= 10) {
            fractions *= 10;
        }
        long rounded = (long) Math.rint(value * fractions);
        StringBuilder text = new StringBuilder();
        text.append(rounded / fractions);
        long rest = rounded % fractions;
        if (rest > 0) {
            text.append('.');
        }
        for (long digit = fractions / 10; rest > 0; digit /= 10) {
            text.append((char) ('0' + rest / digit));
            rest %= digit;
        }
        return text.append(' ').append(UNITS[unit]).toString();
    }
}
