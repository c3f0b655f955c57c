package io.virtualimage.disk.fuzz;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/**
 * How much processor time each target gets.
 *
 * @param budgets in the order in which they start
 */
record FuzzPlan(Map<FuzzTarget, Duration> budgets) {
    /**
     * @param seconds for each target, unless {@code minutes} is given
     * @param minutes for each target
     * @param targets the only ones that run, separated by commas; all if it is empty
     * @param exceptions minutes for single targets: {@code qcow2=20,vmdk=20}
     */
    static FuzzPlan of(String seconds, String minutes, String targets, String exceptions) {
        Duration each = minutes.isEmpty() ? duration(seconds, 1) : duration(minutes, 60);
        Map<FuzzTarget, Duration> budgets = new EnumMap<>(FuzzTarget.class);
        if (targets.isEmpty()) {
            for (FuzzTarget target : FuzzTarget.values()) {
                budgets.put(target, each);
            }
        } else {
            for (String key : targets.split(",", -1)) {
                budgets.put(FuzzTarget.ofKey(key), each);
            }
        }
        if (!exceptions.isEmpty()) {
            for (String exception : exceptions.split(",", -1)) {
                String[] parts = exception.split("=", 2);
                if (parts.length < 2) {
                    throw new IllegalArgumentException(
                            "a target and its minutes are wanted, such as qcow2=20, not '%s'".formatted(exception));
                }
                budgets.replace(FuzzTarget.ofKey(parts[0]), duration(parts[1], 60));
            }
        }
        return new FuzzPlan(budgets);
    }

    private static Duration duration(String number, int unitSeconds) {
        try {
            double seconds = Double.parseDouble(number) * unitSeconds;
            if (seconds >= 1 && seconds < 1e6) {
                return Duration.ofMillis(Math.round(seconds * 1000));
            }
        } catch (NumberFormatException e) {
            // It is told below.
        }
        throw new IllegalArgumentException("a time of at least one second is wanted, not '%s'".formatted(number));
    }
}
