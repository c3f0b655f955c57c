package io.virtualimage.stage.fold;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Validator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SourceFactsTest {
    private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");
    private static final Incarnation IMAGE = new Incarnation("default", "image", "uid", 1, 0);

    @Test
    void segmentsAddUpToAWhole() {
        SourceFacts facts = facts(opened(0, 250L, "\"a\""), range(0, 2), range(0, 0));
        assertThat(facts.staged().complete()).isFalse();
        assertThat(facts.staged().presentBytes()).isEqualTo(150);
        facts = facts.merge(range(0, 1), AT);
        assertThat(facts.staged().complete()).isTrue();
        assertThat(facts.highWaterBytes()).isEqualTo(250);
    }

    @Test
    void withinAnEpochOrderAndRepetitionChangeNothing() {
        List<Event.Fetched> events = new ArrayList<>(List.of(
                opened(0, 550L, "\"a\""),
                range(0, 0),
                range(0, 1),
                range(0, 2),
                range(0, 3),
                range(0, 4),
                range(0, 5)));
        SourceFacts expected = facts(events.toArray(Event.Fetched[]::new));
        Random random = new Random(1);
        for (int i = 0; i < 100; i++) {
            List<Event.Fetched> shuffled = new ArrayList<>(events);
            shuffled.addAll(events.subList(0, random.nextInt(events.size())));
            Collections.shuffle(shuffled, random);
            SourceFacts facts = facts(shuffled.toArray(Event.Fetched[]::new));
            assertThat(facts.staged()).isEqualTo(expected.staged());
            assertThat(facts.epoch()).isZero();
        }
    }

    @Test
    void aDifferentSourceBeginsTheNextEpoch() {
        SourceFacts facts = facts(opened(0, 250L, "\"a\""), range(0, 0), opened(0, 250L, "\"b\""));
        assertThat(facts.epoch()).isEqualTo(1);
        assertThat(facts.disagreements()).isEqualTo(1);
        assertThat(facts.opened()).isNull();
        assertThat(facts.staged().present()).isEqualTo(SegmentSet.EMPTY);
        assertThat(facts.highWaterBytes()).isEqualTo(100);
        // What still arrives of the epoch before is of no use.
        assertThat(facts.merge(range(0, 1), AT)).isEqualTo(facts);
    }

    @Test
    void aBrokenStreamIsBrokenOnce() {
        StreamBroken broken = new StreamBroken(IMAGE, 0, StreamBroken.Cause.INTERRUPTED, "gone", "w");
        SourceFacts facts = facts(opened(0, null, null), stream(0, "a", 0), broken, broken);
        assertThat(facts.epoch()).isEqualTo(1);
        assertThat(facts.disagreements()).isZero();
    }

    @Test
    void theFirstStreamOfAnEpochOwnsIt() {
        SourceFacts facts = facts(opened(0, null, null), stream(0, "a", 0), stream(0, "b", 0), stream(0, "b", 1));
        assertThat(facts.staged().session()).isEqualTo("a");
        assertThat(facts.staged().present()).isEqualTo(SegmentSet.of(0));
    }

    @Test
    void theEndOfAStreamTellsItsLength() {
        SourceFacts facts = facts(
                opened(0, null, null),
                stream(0, "a", 0),
                new SegmentFetched(IMAGE, 0, "a", 1, 7, 0, SegmentSet.EMPTY, false, 107L, "w"));
        assertThat(facts.staged().complete()).isTrue();
        assertThat(facts.staged().lengthBytes()).isEqualTo(107);
    }

    @Test
    void aLostRangeIsFetchedAgainAndALostStreamBeginsAgain() {
        SourceFacts ranges =
                facts(opened(0, 250L, "\"a\""), range(0, 0), range(0, 1)).lose(0, null, 1);
        assertThat(ranges.epoch()).isZero();
        assertThat(ranges.staged().present()).isEqualTo(SegmentSet.of(0));
        SourceFacts stream = facts(opened(0, null, null), stream(0, "a", 0)).lose(0, "a", 0);
        assertThat(stream.epoch()).isEqualTo(1);
        assertThat(stream.lose(0, "a", 0)).isEqualTo(stream);
    }

    @Test
    void aSegmentLostAfterVerificationIsVerifiedAgainWithAllOthers() {
        SourceFacts facts = facts(
                opened(0, 200L, "\"a\""), range(0, 0), range(0, 1), new Event.SourceVerified(IMAGE, 0, Checksums.NONE));
        SourceFacts lost = facts.lose(0, null, 1);
        assertThat(lost.epoch()).isEqualTo(1);
        assertThat(lost.verified()).isFalse();
    }

    @Test
    void aStreamThatHasReachedItsEndCannotBeInterrupted() {
        SourceFacts facts = facts(
                opened(0, 7L, null), new SegmentFetched(IMAGE, 0, "a", 0, 7, 0, SegmentSet.EMPTY, false, 7L, "w"));
        assertThat(facts.staged().complete()).isTrue();
        assertThat(facts.merge(new StreamBroken(IMAGE, 0, StreamBroken.Cause.INTERRUPTED, "late", "w"), AT))
                .isEqualTo(facts);
    }

    @Test
    void anEventOfALaterEpochIsBelievedEvenBeforeItsCause() {
        SourceFacts facts = facts(opened(0, 250L, "\"a\""), range(0, 0), range(2, 1));
        assertThat(facts.epoch()).isEqualTo(2);
        assertThat(facts.staged().present()).isEqualTo(SegmentSet.of(1));
    }

    private static SourceFacts facts(Event.Fetched... events) {
        SourceFacts facts = SourceFacts.NONE;
        for (Event.Fetched event : events) {
            facts = facts.merge(event, AT);
        }
        return facts;
    }

    private static SourceOpened opened(int epoch, Long length, String tag) {
        Validator validator = tag == null ? null : new Validator(Validator.Kind.ETAG, tag);
        return new SourceOpened(IMAGE, epoch, length, 100, validator, tag != null, "disk.img", null);
    }

    private static SegmentFetched range(int epoch, int index) {
        return new SegmentFetched(IMAGE, epoch, null, index, 100, 0, SegmentSet.EMPTY, false, null, "w");
    }

    private static SegmentFetched stream(int epoch, String session, int index) {
        return new SegmentFetched(IMAGE, epoch, session, index, 100, 0, SegmentSet.EMPTY, false, null, "w");
    }
}
