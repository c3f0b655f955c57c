package io.virtualimage.k8s;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;

/** Sizes as people read them: {@code 512B}, {@code 1.5Ki}, {@code 284.9Mi}, {@code 2Gi}. */
public final class HumanSize {
    private static final List<String> UNITS = List.of("B", "Ki", "Mi", "Gi", "Ti");
    private static final BigDecimal STEP = BigDecimal.valueOf(1024);

    private HumanSize() {}

    /**
     * Base 1024, rounded half up to one decimal, which is left out if it is zero. There is no unit beyond {@code Ti}.
     *
     * @throws IllegalArgumentException if the size is negative
     */
    public static String format(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("negative size: " + bytes);
        }
        BigDecimal size = BigDecimal.valueOf(bytes);
        int unit = 0;
        // Compared after rounding: 1023.96Ki is 1Mi, not 1024Ki.
        while (size.compareTo(STEP) >= 0 && unit < UNITS.size() - 1) {
            unit++;
            size = BigDecimal.valueOf(bytes).divide(STEP.pow(unit), 1, RoundingMode.HALF_UP);
        }
        return size.stripTrailingZeros().toPlainString() + UNITS.get(unit);
    }
}
