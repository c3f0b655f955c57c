package io.virtualimage.watcher;

import static io.virtualimage.watcher.Samples.NOW;
import static io.virtualimage.watcher.Samples.UID;
import static io.virtualimage.watcher.Samples.incarnation;
import static io.virtualimage.watcher.Samples.requested;
import static io.virtualimage.watcher.Samples.viewed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Topic;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReconcilerTest {
    private static final String RUNNING = "{phase: Running, blockDeviceRefs: [{kind: VirtualImage, name: disk}]}";
    private static final Dependency MACHINES = Dependency.allIn("ns", Dependency.Kind.VIRTUAL_MACHINE);

    private final FakeImageObjects objects = new FakeImageObjects();
    private final FakeSurroundings surroundings = new FakeSurroundings();
    private final List<Event> announced = new ArrayList<>();
    private final List<String> forgotten = new ArrayList<>();
    private final Announcer announcer = new Announcer() {
        @Override
        public void announce(Event event) {
            announced.add(event);
        }

        @Override
        public void bury(String key, DeadLetter letter) {}
    };
    private Instant now = NOW;
    private boolean leading = true;
    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    };
    private final Reconciler reconciler = new Reconciler(
            new RequestPlanner(Duration.ofHours(24)),
            objects,
            surroundings,
            announcer,
            forgotten::add,
            clock,
            () -> leading);

    private void echo() {
        reconciler.heard(viewed(announced.getLast(), now));
    }

    @Test
    void anImagesWholeLife() throws Exception {
        objects.byUid.put(UID, Samples.fresh());
        reconciler.reconcile(UID);
        assertThat(objects.byUid.get(UID).kept()).isTrue();
        assertThat(announced).containsExactly(requested(1, 0, null));
        echo();

        reconciler.heard(viewed(Samples.published(1, 0), now));
        reconciler.reconcile(UID);
        assertThat(announced).hasSize(1);

        objects.byUid.put(UID, Samples.deleted(objects.byUid.get(UID)));
        reconciler.reconcile(UID);
        assertThat(announced.getLast()).isEqualTo(new ImageWithdrawn(incarnation(2, 0)));
        echo();

        reconciler.heard(viewed(new ImageRemoved(incarnation(2, 0), null), now));
        reconciler.reconcile(UID);
        assertThat(objects.byUid).isEmpty();
        assertThat(forgotten).isEmpty();

        now = now.plus(Duration.ofHours(24));
        reconciler.reconcile(UID);
        assertThat(forgotten).containsExactly(UID);
        reconciler.heard(new ViewRecord(Topic.REQUESTS, UID, null));
        reconciler.heard(new ViewRecord(Topic.PUBLISHED, UID, null));
        assertThat(reconciler.uids()).isEmpty();
    }

    @Test
    void nothingIsSaidBeforeTheFinalizerIsOn() {
        objects.byUid.put(UID, Samples.fresh());
        objects.conflict = true;
        assertThatThrownBy(() -> reconciler.reconcile(UID)).hasMessage("conflict");
        assertThat(announced).isEmpty();
    }

    @Test
    void whatWasSaidIsSaidAgainOnlyIfItDoesNotComeBack() throws Exception {
        objects.byUid.put(UID, Samples.kept());
        assertThat(reconciler.reconcile(UID)).isEmpty();
        Optional<Duration> again = reconciler.reconcile(UID);
        assertThat(announced).hasSize(1);
        assertThat(again).isPresent();
        now = now.plus(again.orElseThrow());
        reconciler.reconcile(UID);
        assertThat(announced).hasSize(2);
    }

    private static WantedImage needingASecret() {
        return Samples.spec(
                Samples.kept(),
                VirtualImageSpec.inRegistry(
                        new Origin.ContainerImage("example.com/a", new Origin.PullSecret("s"), null)));
    }

    @Test
    void whatAnImageNeedsIsFollowedUntilNothingCanChangeAnyMore() throws Exception {
        Dependency secret = Dependency.in("ns", Dependency.Kind.SECRET, "s");
        objects.byUid.put(UID, needingASecret());
        reconciler.reconcile(UID);
        assertThat(surroundings.followed).isEqualTo(Map.of(UID, Set.of(secret, MACHINES)));
        echo();
        surroundings.with(Dependency.Kind.SECRET, "s", "");
        reconciler.reconcile(UID);
        echo();
        assertThat(announced)
                .extracting(event -> event.getClass().getSimpleName())
                .containsExactly("ImageBlocked", "ImageRequested");
        reconciler.heard(viewed(Samples.published(1, 0), now));
        reconciler.reconcile(UID);
        assertThat(surroundings.followed).isEqualTo(Map.of(UID, Set.of(MACHINES)));
        objects.byUid.put(UID, Samples.deleted(objects.byUid.get(UID)));
        reconciler.reconcile(UID);
        echo();
        reconciler.reconcile(UID);
        assertThat(surroundings.followed).isEqualTo(Map.of(UID, Set.of()));
    }

    @Test
    void whatIsGoneFollowsNothing() throws Exception {
        objects.byUid.put(UID, needingASecret());
        reconciler.reconcile(UID);
        objects.byUid.clear();
        reconciler.reconcile(UID);
        assertThat(surroundings.followed).isEqualTo(Map.of(UID, Set.of()));
    }

    @Test
    void nothingElseIsSaidOfASpecBeforeWhatWasSaidIsOnRecord() throws Exception {
        objects.byUid.put(UID, needingASecret());
        surroundings.with(Dependency.Kind.SECRET, "s", "");
        reconciler.reconcile(UID);
        surroundings.without(Dependency.Kind.SECRET, "s");
        assertThat(reconciler.reconcile(UID)).isPresent();
        assertThat(announced).hasSize(1);
        echo();
        reconciler.reconcile(UID);
        assertThat(announced).hasSize(2);
        assertThat(announced.getLast().image()).isEqualTo(incarnation(1, 1));
        // Who leaves doesn't wait.
        objects.byUid.put(UID, Samples.deleted(objects.byUid.get(UID)));
        reconciler.reconcile(UID);
        assertThat(announced.getLast()).isEqualTo(new ImageWithdrawn(incarnation(2, 0)));
    }

    @Test
    void aMachineThatTheCacheDoesNotKnowYetIsAskedForBeforeTheImageIsWithdrawn() throws Exception {
        objects.byUid.put(UID, Samples.kept());
        reconciler.heard(viewed(requested(1, 0, null), now));
        objects.byUid.put(UID, Samples.deleted(objects.byUid.get(UID)));
        surroundings.ahead = new FakeSurroundings().with(Dependency.Kind.VIRTUAL_MACHINE, "vm", RUNNING);
        reconciler.reconcile(UID);
        assertThat(announced).containsExactly(requested(1, 0, null).with(new ImageUse(List.of("vm"), true), null));
        echo();

        surroundings.ahead.answering(Dependency.Kind.VIRTUAL_MACHINE, new Lookup.Unknown("500.", false));
        assertThat(reconciler.reconcile(UID)).isPresent();
        assertThat(announced).hasSize(1);

        surroundings.ahead = null;
        reconciler.reconcile(UID);
        assertThat(announced.getLast()).isEqualTo(new ImageWithdrawn(incarnation(2, 0)));
    }

    @Test
    void whatFollowsADeletionThatWaitsWaitsForItsEchoButTheWithdrawalDoesNot() throws Exception {
        objects.byUid.put(UID, Samples.deleted(Samples.kept()));
        reconciler.heard(viewed(requested(1, 0, null), now));
        surroundings.with(Dependency.Kind.VIRTUAL_MACHINE, "vm", RUNNING);
        reconciler.reconcile(UID);
        surroundings.with(Dependency.Kind.VIRTUAL_MACHINE, "vm-2", RUNNING);
        assertThat(reconciler.reconcile(UID)).isPresent();
        assertThat(announced).hasSize(1);
        surroundings.without(Dependency.Kind.VIRTUAL_MACHINE, "vm").without(Dependency.Kind.VIRTUAL_MACHINE, "vm-2");
        reconciler.reconcile(UID);
        assertThat(announced.getLast()).isEqualTo(new ImageWithdrawn(incarnation(2, 0)));
    }

    @Test
    void whatIsNotKnownYetIsLookedAtAgainSoon() throws Exception {
        objects.byUid.put(UID, needingASecret());
        surroundings.answering(Dependency.Kind.SECRET, new Lookup.Unknown("no answer yet.", false));
        assertThat(reconciler.reconcile(UID))
                .hasValueSatisfying(pause -> assertThat(pause).isLessThan(Duration.ofSeconds(1)));
        assertThat(announced).isEmpty();
        surroundings.answering(Dependency.Kind.SECRET);
        assertThat(reconciler.reconcile(UID)).isEmpty();
        assertThat(announced).hasSize(1);
    }

    @Test
    void onlyTheLeaderActs() throws Exception {
        objects.byUid.put(UID, Samples.fresh());
        leading = false;
        reconciler.reconcile(UID);
        assertThat(announced).isEmpty();
        assertThat(objects.byUid.get(UID).kept()).isFalse();
    }

    @Test
    void anObjectThatTheCacheDoesNotKnowYetIsNotTakenForGone() throws Exception {
        FakeImageObjects behind = new FakeImageObjects() {
            @Override
            public Optional<WantedImage> known(String uid) {
                return Optional.empty();
            }
        };
        behind.byUid.put(UID, Samples.kept());
        Reconciler late = new Reconciler(
                new RequestPlanner(Duration.ofHours(24)),
                behind,
                surroundings,
                announcer,
                uid -> {},
                clock,
                () -> true);
        late.heard(viewed(requested(1, 0, null), now));
        late.reconcile(UID);
        assertThat(announced).isEmpty();
        behind.byUid.clear();
        late.reconcile(UID);
        assertThat(announced).containsExactly(new ImageWithdrawn(incarnation(1, 0)));
        assertThat(behind.liveLooks).containsExactly("ns/disk", "ns/disk");
    }
}
