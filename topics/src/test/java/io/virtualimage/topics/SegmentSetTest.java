package io.virtualimage.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentSetTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "0-5", "0-5,7,9-12", "3,5,7"})
    void textGoesThereAndBack(String text) {
        assertThat(SegmentSet.parse(text)).hasToString(text);
        assertThat(SegmentSet.parse("0-2,3,5,6-7,9")).hasToString("0-3,5-7,9");
    }

    @ParameterizedTest
    @ValueSource(strings = {"5-3", "1,1", "2,1", "x", "1,", "-1", "0-3,2"})
    void malformedTextIsRefused(String text) {
        assertThatThrownBy(() -> SegmentSet.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void agreesWithABitSet() {
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            BitSet expected = new BitSet();
            SegmentSet set = SegmentSet.EMPTY;
            for (int step = 0; step < 200; step++) {
                int member = random.nextInt(64);
                if (random.nextInt(3) == 0) {
                    set = set.without(member);
                    expected.clear(member);
                } else {
                    set = set.with(member);
                    expected.set(member);
                }
                assertThat(set.stream().toArray()).isEqualTo(expected.stream().toArray());
                assertThat(set.size()).isEqualTo(expected.cardinality());
                assertThat(set.firstMissing(0)).isEqualTo(expected.nextClearBit(0));
                assertThat(set.contains(member)).isEqualTo(expected.get(member));
                assertThat(set).isEqualTo(SegmentSet.parse(set.toString()));
            }
            BitSet missing = new BitSet();
            missing.set(0, 64);
            missing.andNot(expected);
            assertThat(set.missing(64).toArray()).isEqualTo(missing.stream().toArray());
            for (int end : new int[] {0, 1, 31, 64}) {
                assertThat(set.sizeBelow(end)).isEqualTo(expected.get(0, end).cardinality());
                assertThat(set.complement(end).stream().toArray())
                        .isEqualTo(missing.get(0, end).stream().toArray());
            }
            assertThat(set.ranges())
                    .isEqualTo(set.isEmpty() ? 0 : set.toString().split(",").length);
        }
    }

    @Test
    void theComplementOfAFewAmongVeryManyIsAFewRanges() {
        int count = Integer.MAX_VALUE;
        assertThat(SegmentSet.EMPTY.complement(count)).hasToString("0-2147483646");
        assertThat(SegmentSet.of(0, 7, count - 1).complement(count)).hasToString("1-6,8-2147483645");
        assertThat(SegmentSet.parse("3-" + count).complement(count)).hasToString("0-2");
        assertThat(SegmentSet.upTo(count).complement(count)).isEqualTo(SegmentSet.EMPTY);
        assertThat(SegmentSet.upTo(count).sizeBelow(count)).isEqualTo(count);
    }
}
