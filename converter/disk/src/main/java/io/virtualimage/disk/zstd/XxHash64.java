package io.virtualimage.disk.zstd;

/**
 * The hash XXH64 with the seed 0, of which frames carry the lowest 32 bits.
 *
 * @see <a href="https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md">The xxHash algorithms</a>
 */
final class XxHash64 {
    private static final long PRIME_1 = 0x9e3779b185ebca87L;
    private static final long PRIME_2 = 0xc2b2ae3d27d4eb4fL;
    private static final long PRIME_3 = 0x165667b19e3779f9L;
    private static final long PRIME_4 = 0x85ebca77c2b2ae63L;
    private static final long PRIME_5 = 0x27d4eb2f165667c5L;
    /** The sum of the first two, without what is carried over. */
    private static final long START_1 = 0x60ea27eeadc0b5d6L;

    private static final int STRIPE_BYTES = 32;

    private final byte[] stripe = new byte[STRIPE_BYTES];
    private int inStripe;
    private long lengthBytes;
    private long one;
    private long two;
    private long three;
    private long four;

    XxHash64() {
        reset();
    }

    void reset() {
        inStripe = 0;
        lengthBytes = 0;
        one = START_1;
        two = PRIME_2;
        three = 0;
        four = -PRIME_1;
    }

    void update(byte[] bytes, int from, int count) {
        lengthBytes += count;
        int at = from;
        int left = count;
        if (inStripe > 0) {
            int some = Math.min(left, STRIPE_BYTES - inStripe);
            System.arraycopy(bytes, at, stripe, inStripe, some);
            inStripe += some;
            at += some;
            left -= some;
            if (inStripe < STRIPE_BYTES) {
                return;
            }
            stripes(stripe, 0, STRIPE_BYTES);
        }
        int whole = left / STRIPE_BYTES * STRIPE_BYTES;
        stripes(bytes, at, whole);
        inStripe = left - whole;
        System.arraycopy(bytes, at + whole, stripe, 0, inStripe);
    }

    private void stripes(byte[] bytes, int from, int count) {
        long a = one;
        long b = two;
        long c = three;
        long d = four;
        for (int at = from; at < from + count; at += STRIPE_BYTES) {
            a = round(a, LittleEndian.u64(bytes, at));
            b = round(b, LittleEndian.u64(bytes, at + 8));
            c = round(c, LittleEndian.u64(bytes, at + 16));
            d = round(d, LittleEndian.u64(bytes, at + 24));
        }
        one = a;
        two = b;
        three = c;
        four = d;
    }

    long value() {
        long hash = PRIME_5;
        if (lengthBytes >= STRIPE_BYTES) {
            hash = Long.rotateLeft(one, 1)
                    + Long.rotateLeft(two, 7)
                    + Long.rotateLeft(three, 12)
                    + Long.rotateLeft(four, 18);
            hash = merge(merge(merge(merge(hash, one), two), three), four);
        }
        hash += lengthBytes;
        int at = 0;
        for (; at + 8 <= inStripe; at += 8) {
            hash = Long.rotateLeft(hash ^ round(0, LittleEndian.u64(stripe, at)), 27) * PRIME_1 + PRIME_4;
        }
        if (at + 4 <= inStripe) {
            long word = LittleEndian.u32(stripe, at) & 0xffffffffL;
            hash = Long.rotateLeft(hash ^ word * PRIME_1, 23) * PRIME_2 + PRIME_3;
            at += 4;
        }
        for (; at < inStripe; at++) {
            hash = Long.rotateLeft(hash ^ (stripe[at] & 0xff) * PRIME_5, 11) * PRIME_1;
        }
        hash = (hash ^ hash >>> 33) * PRIME_2;
        hash = (hash ^ hash >>> 29) * PRIME_3;
        return hash ^ hash >>> 32;
    }

    private static long round(long lane, long word) {
        return Long.rotateLeft(lane + word * PRIME_2, 31) * PRIME_1;
    }

    private static long merge(long hash, long lane) {
        return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
    }
}
