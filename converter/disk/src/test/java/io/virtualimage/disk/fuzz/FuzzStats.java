package io.virtualimage.disk.fuzz;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the engine says of a process in its log.
 *
 * @param edges of the guiding classes, that some input has taken
 * @param features edges, how often, and what was compared
 * @param failed whether an input failed
 * @param tokens what tells the stack traces of failures apart
 */
record FuzzStats(long executions, long edges, long features, long corpusInputs, boolean failed, List<String> tokens) {
    private static final Pattern PULSE = Pattern.compile("^#(\\d+)\\s.*? cov: (\\d+) ft: (\\d+) corp: (\\d+)/.*");
    private static final Pattern TOKEN = Pattern.compile("^DEDUP_TOKEN: (\\w+)$");
    private static final Pattern TOTAL = Pattern.compile("^stat::number_of_executed_units:\\s*(\\d+)$");

    static FuzzStats of(List<String> log) {
        long executions = 0;
        long edges = 0;
        long features = 0;
        long corpusInputs = 0;
        for (String line : log) {
            Matcher pulse = PULSE.matcher(line);
            Matcher total = TOTAL.matcher(line);
            if (pulse.matches()) {
                executions = Long.parseLong(pulse.group(1));
                edges = Long.parseLong(pulse.group(2));
                features = Long.parseLong(pulse.group(3));
                corpusInputs = Long.parseLong(pulse.group(4));
            } else if (total.matches()) {
                executions = Long.parseLong(total.group(1));
            }
        }
        boolean failed = log.stream()
                .anyMatch(line -> line.startsWith("== Java Exception:") || line.contains("ERROR: libFuzzer:"));
        List<String> tokens = log.stream()
                .map(TOKEN::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1))
                .distinct()
                .toList();
        return new FuzzStats(executions, edges, features, corpusInputs, failed, tokens);
    }

    /** With the executions of an earlier turn too. */
    FuzzStats after(FuzzStats earlier) {
        return new FuzzStats(executions + earlier.executions, edges, features, corpusInputs, failed, tokens);
    }
}
