package io.virtualimage.publisher.care;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.publisher.TestClock;
import io.virtualimage.stage.process.Share;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageLost;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CaretakerTest {
    private static final String DIGEST = "sha256:" + "a".repeat(64);

    /** {@code virtualimage.published}, as far as one replica has it. */
    private final Map<String, Recorded> topic = new HashMap<>();

    private final Map<String, Incarnation> wanted = new HashMap<>();
    private final List<Event> said = new ArrayList<>();
    private final FakePlace registry = new FakePlace();
    private final FakePlace claims = new FakePlace();
    private final Agenda agenda = new Agenda(new TestClock(), Duration.ofMinutes(5));
    private final Share share = uid -> Optional.ofNullable(topic.get(uid));
    private boolean ledgerBehind;
    private boolean brokerAway;
    private long offset;

    private final Announcer announcer = new Announcer() {
        @Override
        public void announce(Event event) throws AnnouncementException {
            if (brokerAway) {
                throw new AnnouncementException("the broker is away", null);
            }
            said.add(event);
            tell((Event.Published) event);
        }

        @Override
        public void bury(String key, DeadLetter letter) {
            throw new UnsupportedOperationException();
        }
    };

    private final Ledger ledger = new Ledger() {
        @Override
        public Verdict judge(Incarnation image, Position cause) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Verdict judgeNow(Incarnation image) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<Incarnation> wanted(String uid) throws LedgerBehindException {
            if (ledgerBehind) {
                throw new LedgerBehindException("it has not read all");
            }
            return Optional.ofNullable(wanted.get(uid));
        }
    };

    static Incarnation version(long generation, long run) {
        return new Incarnation("team", "cirros", "uid-1", generation, run);
    }

    static ImagePublished published(Incarnation image) {
        return published(image, null);
    }

    private static ImagePublished published(Incarnation image, @Nullable String claim) {
        boolean onClaim = claim != null;
        return new ImagePublished(
                image,
                0,
                onClaim ? null : "r:5000/vi/team/cirros:" + image.publicName(),
                onClaim ? null : DIGEST,
                onClaim ? null : DIGEST,
                7,
                ImageFormat.QCOW2,
                false,
                7,
                7,
                claim);
    }

    static Recorded recorded(Event event, long offset) {
        return new Recorded(event, Topic.PUBLISHED, new Position(0, offset), Instant.EPOCH);
    }

    private void tell(Event.Published event) {
        Recorded last = recorded(event, offset++);
        topic.put(event.image().uid(), last);
        agenda.changed(event.image().uid(), last);
    }

    private void publish(Incarnation image) {
        wanted.put(image.uid(), image);
        registry.there.add(image);
        tell(published(image));
    }

    private List<Event> look() throws InterruptedException {
        return look(claims);
    }

    private List<Event> look(@Nullable FakePlace theClaims) throws InterruptedException {
        said.clear();
        agenda.hurry("uid-1");
        new Caretaker(agenda, share, ledger, announcer, registry, theClaims).work();
        return List.copyOf(said);
    }

    @Test
    void saysWhenAnImageIsLostAndWhenItIsBack() throws Exception {
        publish(version(1, 0));
        assertThat(look()).isEmpty();
        registry.there.clear();
        assertThat(look())
                .containsExactly(
                        new ImageLost(version(1, 0), published(version(1, 0)), "r:5000/vi/team/cirros:uid-1 is gone"));
        assertThat(look()).isEmpty();
        registry.there.add(version(1, 0));
        assertThat(look()).containsExactly(published(version(1, 0)));
        assertThat(look()).isEmpty();
        assertThat(registry.looks).isEqualTo(5);
        assertThat(claims.looks).isZero();
    }

    @Test
    void looksForAClaimWhereClaimsAre() throws Exception {
        ImagePublished onClaim = published(version(1, 0), "claim");
        wanted.put("uid-1", version(1, 0));
        tell(onClaim);
        assertThat(look(null)).isEmpty();
        claims.there.add(version(1, 0));
        assertThat(look()).isEmpty();
        claims.there.clear();
        assertThat(look()).singleElement().isInstanceOf(ImageLost.class);
        claims.there.add(version(1, 0));
        assertThat(look(null)).isEmpty();
        assertThat(look()).containsExactly(onClaim);
        assertThat(registry.looks).isZero();
    }

    @Test
    void aPlaceThatIsAwaySaysNothingOfLoss() throws Exception {
        publish(version(1, 0));
        registry.there.clear();
        registry.away = true;
        assertThat(look()).isEmpty();
        registry.away = false;
        claims.away = true;
        assertThat(look()).hasSize(1);
        registry.there.add(version(1, 0));
        registry.away = true;
        assertThat(look()).isEmpty();
    }

    @Test
    void whatNobodyWantsIsNotLookedFor() throws Exception {
        publish(version(1, 0));
        registry.there.clear();
        wanted.put("uid-1", version(2, 0));
        assertThat(look()).isEmpty();
        wanted.clear();
        assertThat(look()).isEmpty();
        tell(new ImageRemoved(version(2, 0), version(2, 0)));
        wanted.put("uid-1", version(2, 0));
        assertThat(look()).isEmpty();
        assertThat(registry.looks).isZero();
        publish(version(2, 0));
        registry.there.clear();
        ledgerBehind = true;
        assertThat(look()).isEmpty();
    }

    @Test
    void whatWasWithdrawnMeanwhileIsNotLost() throws Exception {
        publish(version(1, 0));
        registry.there.clear();
        registry.whileLooking = wanted::clear;
        assertThat(look()).isEmpty();
        tell(new ImageLost(version(1, 0), published(version(1, 0)), "gone"));
        wanted.put("uid-1", version(1, 0));
        registry.there.add(version(1, 0));
        assertThat(look()).isEmpty();
    }

    @Test
    void whatWasSupersededMeanwhileIsNotLost() throws Exception {
        publish(version(1, 0));
        registry.there.clear();
        registry.whileLooking = () -> wanted.put("uid-1", version(2, 0));
        assertThat(look()).isEmpty();
    }

    @Test
    void anotherLastWordMeanwhileIsNotContradicted() throws Exception {
        publish(version(1, 0));
        registry.there.clear();
        registry.whileLooking = () -> tell(published(version(1, 0)));
        assertThat(look()).isEmpty();
    }

    @Test
    void whoIsNotSureOfItsShareAnyMoreSaysNothing() throws Exception {
        publish(version(1, 0));
        registry.there.clear();
        registry.whileLooking = topic::clear;
        assertThat(look()).isEmpty();
        assertThat(look()).isEmpty();
        assertThat(registry.looks).isEqualTo(1);
    }

    @Test
    void whatTheBrokerDidNotTakeIsSaidNextTime() throws Exception {
        publish(version(1, 0));
        registry.there.clear();
        brokerAway = true;
        assertThat(look()).isEmpty();
        brokerAway = false;
        assertThat(look()).hasSize(1);
    }

    @Test
    void takesStraysAwayButNothingThatIsNewer() throws Exception {
        publish(version(2, 0));
        registry.there.add(version(1, 0));
        claims.there.add(version(1, 1));
        registry.there.add(version(2, 1)); // being published, and not said yet
        Incarnation namesake = new Incarnation("team", "cirros", "uid-2", 1, 0);
        registry.there.add(namesake);
        assertThat(look()).isEmpty();
        assertThat(registry.there).containsExactlyInAnyOrder(version(2, 0), version(2, 1), namesake);
        assertThat(claims.there).isEmpty();
    }

    @Test
    void takesAllAwayOfWhatWasRemoved() throws Exception {
        publish(version(2, 0));
        wanted.clear();
        tell(new ImageRemoved(version(2, 0), null));
        registry.there.add(version(1, 0));
        registry.there.add(version(3, 0));
        registry.away = true;
        assertThat(look()).isEmpty();
        registry.away = false;
        assertThat(look()).isEmpty();
        assertThat(registry.there).containsExactly(version(3, 0));
    }

    @Test
    void anImageThatIsForgottenIsLeftAlone() throws Exception {
        publish(version(1, 0));
        topic.clear();
        assertThat(look()).isEmpty();
        assertThat(registry.sweeps).isZero();
    }
}
