package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * An immutable set of small non-negative numbers (segments of a source, blocks of a segment), kept and written as
 * ranges: {@code "0-5,7,9-12"}. A transfer that is nearly in order needs a few bytes, however long it is.
 */
public final class SegmentSet {
    public static final SegmentSet EMPTY = new SegmentSet(new int[0]);

    /** Ascending, disjoint, not adjacent: first and last of each range. */
    private final int[] bounds;

    private SegmentSet(int[] bounds) {
        this.bounds = bounds;
    }

    /** @throws IllegalArgumentException if the text is not of this form, ascending and without overlap */
    @JsonCreator
    public static SegmentSet parse(String text) {
        if (text.isEmpty()) {
            return EMPTY;
        }
        List<int[]> ranges = new ArrayList<>();
        int previous = -1;
        for (String range : text.split(",", -1)) {
            int dash = range.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
            int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
            if (first <= previous || last < first) {
                throw new IllegalArgumentException("not an ascending list of ranges: " + text);
            }
            if (!ranges.isEmpty() && first == previous + 1) {
                ranges.getLast()[1] = last;
            } else {
                ranges.add(new int[] {first, last});
            }
            previous = last;
        }
        return ofRanges(ranges);
    }

    public static SegmentSet of(int... members) {
        SegmentSet set = EMPTY;
        for (int member : members) {
            set = set.with(member);
        }
        return set;
    }

    /** The members {@code 0 … count-1}. */
    public static SegmentSet upTo(int count) {
        return count == 0 ? EMPTY : EMPTY.withRange(0, count - 1);
    }

    public SegmentSet with(int member) {
        return contains(member) ? this : withRange(member, member);
    }

    public SegmentSet with(SegmentSet others) {
        SegmentSet all = this;
        for (int i = 0; i < others.bounds.length; i += 2) {
            all = all.withRange(others.bounds[i], others.bounds[i + 1]);
        }
        return all;
    }

    public SegmentSet without(int member) {
        if (!contains(member)) {
            return this;
        }
        List<int[]> ranges = new ArrayList<>();
        for (int i = 0; i < bounds.length; i += 2) {
            int first = bounds[i];
            int last = bounds[i + 1];
            if (member < first || member > last) {
                ranges.add(new int[] {first, last});
            } else {
                if (first < member) {
                    ranges.add(new int[] {first, member - 1});
                }
                if (member < last) {
                    ranges.add(new int[] {member + 1, last});
                }
            }
        }
        return ofRanges(ranges);
    }

    private SegmentSet withRange(int first, int last) {
        if (first < 0) {
            throw new IllegalArgumentException("negative member " + first);
        }
        List<int[]> ranges = new ArrayList<>();
        int newFirst = first;
        int newLast = last;
        boolean placed = false;
        for (int i = 0; i < bounds.length; i += 2) {
            int f = bounds[i];
            int l = bounds[i + 1];
            if (l < newFirst - 1) {
                ranges.add(new int[] {f, l});
            } else if (f > newLast + 1) {
                if (!placed) {
                    ranges.add(new int[] {newFirst, newLast});
                    placed = true;
                }
                ranges.add(new int[] {f, l});
            } else {
                newFirst = Math.min(newFirst, f);
                newLast = Math.max(newLast, l);
            }
        }
        if (!placed) {
            ranges.add(new int[] {newFirst, newLast});
        }
        return ofRanges(ranges);
    }

    private static SegmentSet ofRanges(List<int[]> ranges) {
        return new SegmentSet(ranges.stream().flatMapToInt(Arrays::stream).toArray());
    }

    public boolean contains(int member) {
        int at = Arrays.binarySearch(bounds, member);
        // Between two bounds: inside a range if the bound before is a first one.
        return at >= 0 || ((-at - 1) & 1) == 1;
    }

    public boolean isEmpty() {
        return bounds.length == 0;
    }

    public int size() {
        int size = 0;
        for (int i = 0; i < bounds.length; i += 2) {
            size += bounds[i + 1] - bounds[i] + 1;
        }
        return size;
    }

    /** How many of the members are less than {@code end}. */
    public int sizeBelow(int end) {
        int size = 0;
        for (int i = 0; i < bounds.length && bounds[i] < end; i += 2) {
            size += Math.min(bounds[i + 1], end - 1) - bounds[i] + 1;
        }
        return size;
    }

    /** How many ranges it is kept as: what it costs. */
    public int ranges() {
        return bounds.length / 2;
    }

    /** The numbers in {@code 0 … count-1} that are not members; costs as much as there are ranges. */
    public SegmentSet complement(int count) {
        List<int[]> gaps = new ArrayList<>();
        int first = 0;
        for (int i = 0; i < bounds.length && bounds[i] < count; i += 2) {
            if (first < bounds[i]) {
                gaps.add(new int[] {first, bounds[i] - 1});
            }
            first = bounds[i + 1] + 1;
        }
        // No number follows the largest one: what is less than 0 then is behind the end.
        if (first >= 0 && first < count) {
            gaps.add(new int[] {first, count - 1});
        }
        return ofRanges(gaps);
    }

    /** The smallest number from {@code start} on that is not a member. */
    public int firstMissing(int start) {
        for (int i = 0; i < bounds.length; i += 2) {
            if (start < bounds[i]) {
                return start;
            }
            if (start <= bounds[i + 1]) {
                return bounds[i + 1] + 1;
            }
        }
        return start;
    }

    /** Whether all of {@code 0 … count-1} are members. */
    public boolean covers(int count) {
        return count == 0 || firstMissing(0) >= count;
    }

    /** The numbers in {@code 0 … count-1} that are not members, ascending; lazily, so that a few cost little. */
    public IntStream missing(int count) {
        return IntStream.iterate(firstMissing(0), i -> i < count, i -> firstMissing(i + 1));
    }

    public IntStream stream() {
        return IntStream.range(0, bounds.length / 2)
                .flatMap(i -> IntStream.rangeClosed(bounds[2 * i], bounds[2 * i + 1]));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SegmentSet set && Arrays.equals(bounds, set.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }

    @JsonValue
    @Override
    public String toString() {
        return IntStream.range(0, bounds.length / 2)
                .mapToObj(i -> bounds[2 * i] == bounds[2 * i + 1]
                        ? Integer.toString(bounds[2 * i])
                        : bounds[2 * i] + "-" + bounds[2 * i + 1])
                .collect(Collectors.joining(","));
    }
}
