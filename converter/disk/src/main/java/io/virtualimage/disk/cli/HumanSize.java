package io.virtualimage.disk.cli;

import java.math.BigDecimal;
import java.math.MathContext;

/** Sizes as people read them: three digits and a binary unit, {@code 1.5 GiB}. */
final class HumanSize {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private HumanSize() {}

    static String of(long bytes) {
        int unit = 0;
        // A number of four digits is told in the next unit.
        while (unit < UNITS.length - 1 && bytes / 1000.0 >= Math.scalb(1.0, 10 * unit)) {
            unit++;
        }
        String number = new BigDecimal(bytes)
                .divide(new BigDecimal(1L << (10 * unit)), MathContext.DECIMAL64)
                .round(new MathContext(3))
                .stripTrailingZeros()
                .toPlainString();
        return number + " " + UNITS[unit];
    }
}
