package io.virtualimage.volume.fill;

import io.virtualimage.volume.link.IndexRanges;
import io.virtualimage.volume.link.VolumeException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What is to be done.
 *
 * @param lengthBytes length of the disk
 * @param rangeBytes length of all ranges but the last
 * @param done ranges that are done already
 * @param verify whether to read back what was written
 */
record FillPlan(long lengthBytes, long rangeBytes, BitSet done, boolean verify) {
    /** Reads a publisher's answer: lines of a word and a value. What isn't known is passed over. */
    static FillPlan parse(String answer) throws VolumeException {
        Map<String, String> values = new HashMap<>();
        answer.lines().forEach(line -> {
            String[] parts = line.strip().split(" ", 2);
            values.put(parts[0], parts.length > 1 ? parts[1].strip() : "");
        });
        try {
            long length = Long.parseLong(values.getOrDefault("length", ""));
            long range = Long.parseLong(values.getOrDefault("range", ""));
            if (length > 0 && range > 0 && Math.ceilDiv(length, range) <= Integer.MAX_VALUE) {
                BitSet done = new BitSet();
                Arrays.stream(IndexRanges.parse(values.getOrDefault("done", "")))
                        .forEach(done::set);
                return new FillPlan(length, range, done, !"false".equals(values.get("verify")));
            }
        } catch (NumberFormatException e) {
            throw VolumeException.ofVolume("the service answers with no plan", e);
        }
        throw VolumeException.ofVolume("the service answers with an impossible plan", null);
    }

    int count() {
        return (int) Math.ceilDiv(lengthBytes, rangeBytes);
    }

    long start(int range) {
        return range * rangeBytes;
    }

    long end(int range) {
        return Math.min(lengthBytes, start(range) + rangeBytes);
    }

    IntStream missing() {
        return IntStream.range(0, count()).filter(range -> !done.get(range));
    }

    /** Ranges as a list, {@code "0-5,7"}. */
    static String list(BitSet ranges) {
        return IntStream.iterate(
                        ranges.nextSetBit(0),
                        first -> first >= 0,
                        first -> ranges.nextSetBit(ranges.nextClearBit(first)))
                .mapToObj(first -> {
                    int last = ranges.nextClearBit(first) - 1;
                    return first == last ? Integer.toString(first) : first + "-" + last;
                })
                .collect(Collectors.joining(","));
    }
}
