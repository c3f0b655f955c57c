package io.virtualimage.disk.wrapper;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tukaani.xz.ArrayCache;

/**
 * Arrays for one decoder of xz, which takes new ones for each block: a block of 16 bytes may ask for a dictionary as large
 * as the limit allows. So there are no more arrays than a decoder has at a time, and no more than one grows. For one
 * thread at a time.
 */
final class SpareArrays extends ArrayCache {
    /** What a decoder has at a time: a dictionary, and a buffer for packed bytes. */
    private static final int MAX_SPARE = 2;

    private final List<byte[]> spare = new ArrayList<>(MAX_SPARE + 1);
    private int allocated;

    /** The smallest of those that are large enough; if none is, they go before there is a new one. */
    @Override
    public byte[] getByteArray(int size, boolean fillWithZeros) {
        int best = -1;
        for (int i = 0; i < spare.size(); i++) {
            int length = spare.get(i).length;
            if (length >= size && (best < 0 || length < spare.get(best).length)) {
                best = i;
            }
        }
        if (best < 0) {
            spare.clear();
            allocated++;
            return new byte[size];
        }
        byte[] array = spare.remove(best);
        if (fillWithZeros) {
            Arrays.fill(array, (byte) 0);
        }
        return array;
    }

    /** Keeps the largest. */
    @Override
    public void putArray(byte[] array) {
        spare.add(array);
        if (spare.size() > MAX_SPARE) {
            int smallest = 0;
            for (int i = 1; i < spare.size(); i++) {
                smallest = spare.get(i).length < spare.get(smallest).length ? i : smallest;
            }
            spare.remove(smallest);
        }
    }

    /** How many new arrays there have been. */
    int allocated() {
        return allocated;
    }
}
