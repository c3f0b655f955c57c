package io.virtualimage.stage.fold;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.UploadLease;
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

    // ---- uploads

    @Test
    void theFirstUploadThatLivesOwnsIt() {
        SourceFacts facts = facts(upload(0, "a", 0, 250L), upload(0, "b", 0, 250L), stream(0, "b", 0));
        assertThat(facts.staged().upload().owner()).isEqualTo("a");
        assertThat(facts.staged().present()).isEqualTo(SegmentSet.EMPTY);
        assertThat(facts.merge(upload(1, "b", 0, 250L), AT)).isEqualTo(facts);
        // Nor by what it says of an epoch that it never opened.
        assertThat(facts.merge(stream(1, "b", 0), AT)).isEqualTo(facts);
        assertThat(facts.merge(interrupted(1, "b"), AT)).isEqualTo(facts);
    }

    @Test
    void anUploadThatBrokeOffGoesOnInTheSameEpoch() {
        SourceFacts facts = facts(
                upload(0, "a", 0, 250L),
                stream(0, "a", 0),
                interrupted(0, "a"),
                upload(0, "b", 1, 250L),
                stream(0, "b", 1),
                last(0, "b", 2, 250));
        assertThat(facts.epoch()).isZero();
        assertThat(facts.staged().complete()).isTrue();
        assertThat(facts.staged().session()).isEqualTo("a");
        assertThat(facts.staged().sessionOf(0)).isEqualTo("a");
        assertThat(facts.staged().sessionOf(2)).isEqualTo("b");
    }

    @Test
    void whoGoesOnHasToKnowWhatIsThere() {
        SourceFacts facts = facts(upload(0, "a", 0, 250L), stream(0, "a", 0), interrupted(0, "a"));
        assertThat(facts.merge(upload(0, "b", 0, 250L), AT)).isEqualTo(facts);
        assertThat(facts.merge(upload(0, "b", 2, 250L), AT)).isEqualTo(facts);
        assertThat(facts.merge(upload(1, "b", 1, 250L), AT)).isEqualTo(facts);
    }

    @Test
    void anUploadThatBeginsAnewHasTheNextEpoch() {
        SourceFacts facts =
                facts(upload(0, "a", 0, 250L), stream(0, "a", 0), interrupted(0, "a"), upload(1, "b", 0, 120L));
        assertThat(facts.epoch()).isEqualTo(1);
        assertThat(facts.staged().present()).isEqualTo(SegmentSet.EMPTY);
        assertThat(facts.staged().lengthBytes()).isEqualTo(120);
        assertThat(facts.staged().session()).isEqualTo("b");
        assertThat(facts.merge(stream(0, "a", 1), AT)).isEqualTo(facts);
    }

    @Test
    void ofAnUploadThatLeftNothingNothingIsRemembered() {
        SourceFacts facts = facts(upload(0, "a", 0, 250L), interrupted(0, "a"), upload(0, "b", 0, 950L));
        assertThat(facts.staged().lengthBytes()).isEqualTo(950);
        assertThat(facts.opened().lengthBytes()).isEqualTo(950);
        assertThat(facts.staged().session()).isEqualTo("b");
        for (int i = 0; i < 3; i++) {
            facts = facts.merge(stream(0, "b", i), AT);
        }
        assertThat(facts.staged().complete()).isFalse();
        // Even if the one who follows doesn't say how much it will be.
        SourceFacts unknown = facts(upload(0, "a", 0, 250L), interrupted(0, "a"), upload(0, "b", 0, null));
        assertThat(unknown.staged().lengthBytes()).isNull();
    }

    @Test
    void aSilentOwnerIsFollowedWhenItsLeaseIsOver() {
        SourceFacts facts = facts(upload(0, "a", 0, 250L), stream(0, "a", 0));
        Instant before = AT.plus(UploadLease.LIFE).minusMillis(1);
        Instant after = AT.plus(UploadLease.LIFE);
        assertThat(facts.merge(upload(0, "b", 1, 250L), before)).isEqualTo(facts);
        SourceFacts taken = facts.merge(upload(0, "b", 1, 250L), after);
        assertThat(taken.staged().upload().owner()).isEqualTo("b");
        // The dispossessed one comes to itself.
        assertThat(taken.merge(stream(0, "a", 1), after)).isEqualTo(taken);
        assertThat(taken.merge(upload(0, "a", 0, 250L), after)).isEqualTo(taken);
        assertThat(taken.merge(interrupted(0, "a"), after)).isEqualTo(taken);
        assertThat(taken.merge(stream(0, "b", 1), after).staged().present()).isEqualTo(SegmentSet.of(0, 1));
    }

    @Test
    void signsOfLifeAndSegmentsRenewALease() {
        SourceFacts facts = facts(upload(0, "a", 0, 950L));
        facts = facts.merge(upload(0, "a", 0, 950L), AT.plusSeconds(10));
        facts = facts.merge(stream(0, "a", 0), AT.plusSeconds(20));
        assertThat(facts.merge(upload(0, "b", 1, 950L), AT.plusSeconds(34))).isEqualTo(facts);
        assertThat(facts.merge(upload(0, "b", 1, 950L), AT.plusSeconds(35))
                        .staged()
                        .upload()
                        .owner())
                .isEqualTo("b");
    }

    @Test
    void aSegmentThatIsSaidAgainBySomebodyElseRenewsNoLease() {
        SourceFacts facts =
                facts(upload(0, "a", 0, 950L), stream(0, "a", 0), interrupted(0, "a"), upload(0, "b", 1, 950L));
        assertThat(facts.merge(stream(0, "a", 0), AT.plusSeconds(9))
                        .staged()
                        .upload()
                        .heardAt())
                .isEqualTo(AT);
    }

    @Test
    void whoHasSaidThatItIsOverDoesNotComeBack() {
        SourceFacts facts = facts(upload(0, "a", 0, 250L), stream(0, "a", 0), interrupted(0, "a"));
        assertThat(facts.merge(upload(0, "a", 0, 250L), AT)).isEqualTo(facts);
        // What it had announced just before counts all the same, and whoever counted without it has to look again.
        SourceFacts late = facts.merge(stream(0, "a", 1), AT);
        assertThat(late.staged().present()).isEqualTo(SegmentSet.of(0, 1));
        assertThat(late.merge(upload(0, "b", 1, 250L), AT)).isEqualTo(late);
    }

    @Test
    void theLengthMayBeToldLater() {
        SourceFacts facts = facts(upload(0, "a", 0, null), stream(0, "a", 0), stream(0, "a", 1));
        assertThat(facts.staged().complete()).isFalse();
        assertThat(facts.merge(upload(0, "a", 0, 200L), AT).staged().complete()).isTrue();
        assertThat(facts.merge(last(0, "a", 2, 230), AT).staged().complete()).isTrue();
        assertThat(facts.merge(interrupted(0, "a"), AT)
                        .merge(upload(0, "b", 2, 230L), AT)
                        .staged()
                        .lengthBytes())
                .isEqualTo(230);
    }

    @Test
    void theLengthThatAnUploadBeganWithIsNotChangedByWhoGoesOn() {
        SourceFacts facts =
                facts(upload(0, "a", 0, 250L), stream(0, "a", 0), interrupted(0, "a"), upload(0, "b", 1, null));
        assertThat(facts.staged().lengthBytes()).isEqualTo(250);

        assertThat(facts.merge(last(0, "b", 1, 130), AT)).isEqualTo(facts);

        assertThat(facts.merge(stream(0, "b", 1), AT)
                        .merge(last(0, "b", 2, 250), AT)
                        .staged()
                        .complete())
                .isTrue();
    }

    @Test
    void nobodyUploadsWhatIsThere() {
        SourceFacts facts = facts(upload(0, "a", 0, 100L), stream(0, "a", 0));
        assertThat(facts.staged().complete()).isTrue();
        Instant later = AT.plusSeconds(60);
        assertThat(facts.merge(upload(0, "b", 1, 100L), later)).isEqualTo(facts);
        assertThat(facts.merge(upload(1, "b", 0, 100L), later)).isEqualTo(facts);
        assertThat(facts.merge(expired(0, "a"), later)).isEqualTo(facts);
    }

    @Test
    void afterTheDeadlineNobodyUploads() {
        SourceFacts facts = facts(expired(0, null));
        assertThat(facts.expired()).isTrue();
        assertThat(facts.merge(upload(0, "a", 0, 100L), AT)).isEqualTo(facts);
        assertThat(facts.merge(upload(1, "a", 0, 100L), AT)).isEqualTo(facts);
    }

    @Test
    void whoBeganBeforeTheDeadlineWasSaidGoesOn() {
        SourceFacts first = facts(upload(0, "a", 0, 250L));
        assertThat(first.merge(expired(0, null), AT)).isEqualTo(first);
        SourceFacts second = facts(upload(0, "a", 0, 250L), interrupted(0, "a"), upload(0, "b", 0, 250L));
        assertThat(second.merge(expired(0, "a"), AT.plusSeconds(60))).isEqualTo(second);
        assertThat(second.merge(expired(0, "b"), AT.plusSeconds(1))).isEqualTo(second);
        assertThat(second.merge(expired(0, "b"), AT.plusSeconds(60)).expired()).isTrue();
    }

    /** The fold learns of it elsewhere, and tells the others on this topic. */
    @Test
    void aLostSegmentMakesAnUploadBeginAnew() {
        SourceFacts facts = facts(
                upload(0, "a", 0, 200L),
                stream(0, "a", 0),
                interrupted(0, "a"),
                upload(0, "b", 1, 200L),
                stream(0, "b", 1));
        SourceFacts lost = facts.lose(0, "a", 1);
        assertThat(lost.epoch()).isEqualTo(1);
        StreamBroken said = new StreamBroken(IMAGE, 0, StreamBroken.Cause.SOURCE_BROKE, "lost", "fold");
        assertThat(facts.merge(said, AT).staged()).isEqualTo(lost.staged());
        assertThat(lost.merge(said, AT)).isEqualTo(lost);
        SourceFacts again = lost.merge(upload(1, "c", 0, 200L), AT);
        assertThat(again.staged().upload().owner()).isEqualTo("c");
        assertThat(again.merge(said, AT)).isEqualTo(again);
    }

    private static Event.UploadOpened upload(int epoch, String session, int from, Long length) {
        return new Event.UploadOpened(IMAGE, epoch, session, from, 100, length, "disk.img", "w");
    }

    private static Event.UploadInterrupted interrupted(int epoch, String session) {
        return new Event.UploadInterrupted(IMAGE, epoch, session, "cut", "w");
    }

    private static Event.UploadExpired expired(int epoch, String session) {
        return new Event.UploadExpired(IMAGE, epoch, session);
    }

    private static SegmentFetched last(int epoch, String session, int index, long total) {
        int length = (int) (total - index * 100L);
        return new SegmentFetched(IMAGE, epoch, session, index, length, 0, SegmentSet.EMPTY, false, total, "w");
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
