package io.virtualimage.volume.link;

import java.util.stream.IntStream;

/** Reads a list of numbers as our services write it: ranges, ascending, {@code "0-5,7,9-12"}; empty for none. */
public final class IndexRanges {
    private IndexRanges() {}

    /** @throws VolumeException if the text is not of that form */
    public static int[] parse(String text) throws VolumeException {
        String list = text.strip();
        if (list.isEmpty()) {
            return new int[0];
        }
        IntStream all = IntStream.empty();
        for (String range : list.split(",", -1)) {
            try {
                int dash = range.indexOf('-');
                int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
                int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
                all = IntStream.concat(all, IntStream.rangeClosed(first, last));
            } catch (NumberFormatException e) {
                throw VolumeException.ofVolume("the service answers with no list of segments", e);
            }
        }
        return all.toArray();
    }
}
