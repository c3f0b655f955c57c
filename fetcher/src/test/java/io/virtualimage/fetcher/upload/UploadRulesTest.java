package io.virtualimage.fetcher.upload;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.UploadProtocol.Sending;
import io.virtualimage.fetcher.upload.UploadRules.Decision;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.UploadInterrupted;
import io.virtualimage.topics.Event.UploadOpened;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.UploadLease;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class UploadRulesTest {
    private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");
    private static final Incarnation IMAGE = new Incarnation("default", "image", "uid", 1, 0);
    private static final UploadLimits LIMITS = new UploadLimits(100, 1000, Duration.ofMinutes(1));

    private static final Sending WHOLE = new Sending(0, false, 250L, 250L, true, "f");
    private static final Sending REST = new Sending(100, true, 150L, 250L, true, "f");

    @Test
    void aFirstUploadBegins() {
        assertThat(decide(WHOLE, SourceFacts.NONE, 0)).isEqualTo(new Decision.Begin(0, 0));
    }

    @Test
    void whoGoesOnBeginsWhereTheOtherStopped() {
        assertThat(decide(REST, broken(), 1)).isEqualTo(new Decision.Begin(0, 1));
        assertThat(UploadRules.offset(broken())).isEqualTo(100);
    }

    @Test
    void whoBeginsAnewHasTheNextEpochIfAnythingIsThere() {
        assertThat(decide(WHOLE, broken(), 1)).isEqualTo(new Decision.Begin(1, 0));
        SourceFacts nothing = facts(opened(0), interrupted());
        assertThat(decide(WHOLE, nothing, 1)).isEqualTo(new Decision.Begin(0, 0));
    }

    @Test
    void whoIsWrongAboutTheOffsetIsToldIt() {
        Sending wrong = new Sending(50, true, 200L, 250L, true, "f");
        Refusal refusal = refusal(decide(wrong, broken(), 1));
        assertThat(refusal.kind()).isEqualTo(Kind.WRONG_OFFSET);
        assertThat(refusal.headers()).containsEntry("Upload-Offset", "100");
        assertThat(refusal.answer().text())
                .contains("\"expected-offset\":100", "\"provided-offset\":50", "curl -C 100 -T FILE");
        assertThat(refusal(decide(REST, SourceFacts.NONE, 1)).headers()).containsEntry("Upload-Offset", "0");
    }

    @Test
    void anotherLengthIsAnotherFile() {
        Sending other = new Sending(100, true, 151L, 251L, true, "f");
        assertThat(refusal(decide(other, broken(), 1)).kind()).isEqualTo(Kind.WRONG_LENGTH);
    }

    @Test
    void aFileDoesNotComeInPartsWithoutEnd() {
        SourceFacts facts = SourceFacts.NONE;
        for (int part = 0; part < UploadRules.MOST_PARTS; part++) {
            String session = "s" + part;
            facts = facts.merge(new UploadOpened(IMAGE, 0, session, part, 100, null, "f", "w"), AT)
                    .merge(new SegmentFetched(IMAGE, 0, session, part, 100, 0, SegmentSet.EMPTY, false, null, "w"), AT)
                    .merge(new UploadInterrupted(IMAGE, 0, session, "a part", "w"), AT);
        }
        long offset = UploadRules.offset(facts);
        assertThat(offset).isEqualTo(100L * UploadRules.MOST_PARTS);
        Refusal refusal = refusal(decide(new Sending(offset, true, 100L, null, false, "f"), facts, 1));
        assertThat(refusal.detail()).contains("1000 parts", "the rest of it at once");
        UploadLimits large = new UploadLimits(100, 1L << 40, Duration.ofMinutes(1));
        Sending rest = new Sending(offset, true, 100L, offset + 100, true, "f");
        assertThat(UploadRules.decide(rest, facts, large, AT.plusSeconds(1), AT.plusSeconds(1)))
                .isInstanceOf(Decision.Begin.class);
    }

    @Test
    void aSecondUploadIsRefusedWhileTheFirstOneLives() {
        SourceFacts facts = facts(opened(0), segment());
        Refusal refusal = refusal(decide(WHOLE, facts, 2));
        assertThat(refusal.kind()).isEqualTo(Kind.BUSY);
        assertThat(refusal.headers()).containsEntry("Retry-After", "13");
        assertThat(refusal.detail()).contains("2 s ago");
    }

    @Test
    void whenTheFirstOneMissesItsSignTheSecondWaitsForItsEnd() {
        SourceFacts facts = facts(opened(0), segment());
        assertThat(decide(WHOLE, facts, 9)).isEqualTo(new Decision.Wait());
        assertThat(decide(WHOLE, facts, 15)).isEqualTo(new Decision.Begin(1, 0));
    }

    @Test
    void whoGoesOnWaitsUntilTheOneBeforeIsDeadOrGivesASign() {
        SourceFacts facts = facts(opened(0), segment());
        Instant asked = AT.plusSeconds(1);
        assertThat(UploadRules.decide(REST, facts, LIMITS, asked, AT.plusSeconds(1)))
                .isEqualTo(new Decision.Wait());
        // What it had under way when it broke off is no sign.
        SourceFacts finishing = facts.merge(opened(0), AT.plusSeconds(2));
        assertThat(UploadRules.decide(REST, finishing, LIMITS, asked, AT.plusSeconds(3)))
                .isEqualTo(new Decision.Wait());
        SourceFacts alive = facts.merge(opened(0), AT.plusSeconds(5));
        assertThat(refusal(UploadRules.decide(REST, alive, LIMITS, asked, AT.plusSeconds(5)))
                        .kind())
                .isEqualTo(Kind.BUSY);
        assertThat(UploadRules.decide(REST, facts, LIMITS, asked, AT.plusSeconds(15)))
                .isEqualTo(new Decision.Begin(0, 1));
    }

    /** However it goes, nobody waits for longer than a lease may last. */
    @Test
    void waitingHasAnEnd() {
        SourceFacts facts = facts(opened(0), segment());
        for (int second = 0; second < 60; second++) {
            Instant now = AT.plusSeconds(second);
            Decision decision = UploadRules.decide(REST, facts, LIMITS, AT, now);
            boolean over = Duration.between(AT, now).compareTo(UploadLease.LIFE) >= 0;
            assertThat(decision instanceof Decision.Begin).isEqualTo(over);
        }
    }

    @Test
    void whatIsThereOrOverIsNotUploaded() {
        SourceFacts complete = facts(opened(0), segment(), segment(1, 100), segment(2, 50));
        Refusal refusal = refusal(decide(WHOLE, complete, 60));
        assertThat(refusal.kind()).isEqualTo(Kind.COMPLETE);
        assertThat(refusal.headers()).containsEntry("Upload-Complete", "?1").containsEntry("Upload-Offset", "250");
        SourceFacts expired = facts(new Event.UploadExpired(IMAGE, 0, null));
        assertThat(refusal(decide(WHOLE, expired, 0)).kind()).isEqualTo(Kind.OVER);
    }

    @Test
    void largerThanAllowedIsToldBeforeItIsSent() {
        Sending large = new Sending(0, false, 1001L, 1001L, true, "f");
        Refusal refusal = refusal(decide(large, SourceFacts.NONE, 0));
        assertThat(refusal.kind()).isEqualTo(Kind.TOO_LARGE);
        assertThat(refusal.headers()).containsEntry("Upload-Limit", "max-size=1000, min-append-size=100");
        Sending part = new Sending(0, false, 100L, 1001L, false, "f");
        assertThat(refusal(decide(part, SourceFacts.NONE, 0)).kind()).isEqualTo(Kind.TOO_LARGE);
    }

    @Test
    void aPartMustNotBeSmallerThanWhatIsKept() {
        Sending small = new Sending(0, false, 99L, 250L, false, "f");
        assertThat(refusal(decide(small, SourceFacts.NONE, 0)).kind()).isEqualTo(Kind.MALFORMED);
        Sending large = new Sending(0, false, 100L, 250L, false, "f");
        assertThat(decide(large, SourceFacts.NONE, 0)).isEqualTo(new Decision.Begin(0, 0));
    }

    private static Decision decide(Sending sending, SourceFacts facts, int second) {
        Instant now = AT.plusSeconds(second);
        return UploadRules.decide(sending, facts, LIMITS, now, now);
    }

    private static Refusal refusal(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Refuse.class);
        return ((Decision.Refuse) decision).refusal();
    }

    private static SourceFacts broken() {
        return facts(opened(0), segment(), interrupted());
    }

    private static SourceFacts facts(Event.Fetched... events) {
        SourceFacts facts = SourceFacts.NONE;
        for (Event.Fetched event : events) {
            facts = facts.merge(event, AT);
        }
        return facts;
    }

    private static Event.UploadOpened opened(int from) {
        return new Event.UploadOpened(IMAGE, 0, "a", from, 100, 250L, "f", "w");
    }

    private static Event.UploadInterrupted interrupted() {
        return new Event.UploadInterrupted(IMAGE, 0, "a", "cut", "w");
    }

    private static Event.SegmentFetched segment() {
        return segment(0, 100);
    }

    private static Event.SegmentFetched segment(int index, int length) {
        return new Event.SegmentFetched(IMAGE, 0, "a", index, length, 0, SegmentSet.EMPTY, false, 250L, "w");
    }
}
