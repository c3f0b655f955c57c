package io.virtualimage.watcher;

import static io.virtualimage.watcher.Samples.check;
import static io.virtualimage.watcher.Samples.deleted;
import static io.virtualimage.watcher.Samples.fresh;
import static io.virtualimage.watcher.Samples.generation;
import static io.virtualimage.watcher.Samples.incarnation;
import static io.virtualimage.watcher.Samples.kept;
import static io.virtualimage.watcher.Samples.phase;
import static io.virtualimage.watcher.Samples.published;
import static io.virtualimage.watcher.Samples.record;
import static io.virtualimage.watcher.Samples.requested;
import static io.virtualimage.watcher.Samples.retry;
import static io.virtualimage.watcher.Samples.spec;
import static io.virtualimage.watcher.Samples.withFinalizers;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.watcher.Action.LookAgain;
import io.virtualimage.watcher.Action.RemoveFinalizer;
import io.virtualimage.watcher.Action.Say;
import io.virtualimage.watcher.Dependency.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the planner makes of the machines that use an image, and of the annotation that has one checked. */
class ImageUseTest {
    private static final Dependency MACHINES = Dependency.allIn("ns", Kind.VIRTUAL_MACHINE);
    private static final ImageRequested REQUESTED = requested(1, 0, null);

    private final RequestPlanner planner = new RequestPlanner(Duration.ofHours(24));
    private final FakeSurroundings surroundings = new FakeSurroundings();

    /** Looks only at what the object is said to need. */
    private List<Action> plan(WantedImage image, OnRecord record) {
        Set<Dependency> needs = planner.needs(image, record);
        surroundings.followed.put(Samples.UID, needs.isEmpty() ? Set.of(MACHINES) : needs);
        List<Action> actions = planner.plan(image, record, surroundings);
        if (needs.isEmpty()) {
            assertThat(actions).noneMatch(LookAgain.class::isInstance);
        }
        return actions;
    }

    private void machine(String name, String phase) {
        surroundings.with(
                Kind.VIRTUAL_MACHINE,
                name,
                "{phase: %s, blockDeviceRefs: [{kind: VirtualDisk, name: other}, {kind: VirtualImage, name: disk}]}"
                        .formatted(phase));
    }

    private void nobodyKnows() {
        surroundings.answering(Kind.VIRTUAL_MACHINE, new Lookup.Unknown("no answer yet.", true));
    }

    private void machinesAreUnserved(boolean lasting) {
        surroundings.answering(Kind.VIRTUAL_MACHINE, new Lookup.Unserved(lasting));
    }

    private static ImageUse by(String... machines) {
        return new ImageUse(List.of(machines), false);
    }

    private static ImageUse waitingFor(String... machines) {
        return new ImageUse(List.of(machines), true);
    }

    private static ImageRequested used(ImageUse use) {
        return REQUESTED.with(use, null);
    }

    @Nested
    class Used {
        @ParameterizedTest
        @ValueSource(strings = {"Running", "Pending", "Starting", "Stopping", "Paused", "Migrating", "Degraded", "''"})
        void byAMachineOfAnyPhaseButStopped(String phase) {
            machine("vm", phase);
            assertThat(plan(kept(), record(REQUESTED))).containsExactly(new Say(used(by("vm"))));
        }

        @Test
        void byNoMachineThatIsStoppedOrHasOtherDevices() {
            machine("stopped", "Stopped");
            surroundings
                    .with(Kind.VIRTUAL_MACHINE, "none", "phase: Running")
                    .with(
                            Kind.VIRTUAL_MACHINE,
                            "odd",
                            "{phase: Running, blockDeviceRefs: {kind: VirtualImage, name: disk}}")
                    .with(Kind.VIRTUAL_MACHINE, "others", """
                            phase: Running
                            blockDeviceRefs:
                            - {kind: VirtualImage, name: disk-2}
                            - {kind: ClusterVirtualImage, name: disk}
                            - {kind: VirtualDisk, name: disk}
                            - {name: disk}
                            - disk
                            """);
            assertThat(plan(kept(), record(REQUESTED))).isEmpty();
        }

        @Test
        void byAMachineThatIsBeingDeletedUntilItIsGone() {
            surroundings.with(
                    Kind.VIRTUAL_MACHINE,
                    new Referent(
                            "vm",
                            "u",
                            2,
                            true,
                            Map.of(),
                            Map.of(
                                    "phase",
                                    "Terminating",
                                    "blockDeviceRefs",
                                    List.of(Map.of("kind", "VirtualImage", "name", "disk")))));
            assertThat(plan(kept(), record(used(by("vm"))))).isEmpty();
            surroundings.without(Kind.VIRTUAL_MACHINE, "vm");
            assertThat(plan(kept(), record(used(by("vm"))))).containsExactly(new Say(REQUESTED));
        }

        @Test
        void isSaidOnceAndAgainWhenItChanges() {
            machine("b", "Running");
            assertThat(plan(kept(), record(REQUESTED, used(by("b"))))).isEmpty();
            machine("a", "Running");
            assertThat(plan(kept(), record(REQUESTED, used(by("b"))))).containsExactly(new Say(used(by("a", "b"))));
            machine("b", "Stopped");
            assertThat(plan(kept(), record(REQUESTED, used(by("a", "b"))))).containsExactly(new Say(used(by("a"))));
            machine("a", "Stopped");
            assertThat(plan(kept(), record(REQUESTED, used(by("a"))))).containsExactly(new Say(REQUESTED));
        }

        @Test
        void standsInWhateverRequestThereIs() {
            machine("vm", "Running");
            assertThat(plan(fresh(), OnRecord.NOTHING)).contains(new Say(used(by("vm"))));
            assertThat(plan(generation(kept(), 2), record(used(by("vm")))))
                    .containsExactly(new Say(requested(2, 0, null).with(by("vm"), null)));
            for (Phase phase : List.of(Phase.READY, Phase.IMAGE_LOST, Phase.PVC_LOST, Phase.FAILED)) {
                assertThat(plan(phase(kept(), phase, 1), record(REQUESTED))).containsExactly(new Say(used(by("vm"))));
            }
            assertThat(plan(kept(), record(REQUESTED, published(1, 0)))).containsExactly(new Say(used(by("vm"))));
            WantedImage waiting = spec(
                    kept(),
                    VirtualImageSpec.inRegistry(
                            new Origin.ContainerImage("example.com/a", new Origin.PullSecret("s"), null)));
            assertThat(plan(waiting, OnRecord.NOTHING)).singleElement().isInstanceOfSatisfying(Say.class, said -> {
                assertThat(said.request()).isInstanceOf(ImageBlocked.class);
                assertThat(said.request().use()).isEqualTo(by("vm"));
            });
        }

        @Test
        void neverMakesAnotherIncarnationNorTearsOne() {
            OnRecord record = record(REQUESTED, used(by("vm")), REQUESTED.with(null, "1"), used(by("vm")));
            assertThat(record.torn()).isFalse();
            assertThat(record.highest()).isEqualTo(incarnation(1, 0));
            machine("vm", "Running");
            assertThat(plan(kept(), record)).isEmpty();
            // What is torn stays so, whatever is said of its use.
            OnRecord torn = record(
                    REQUESTED,
                    new ImageRequested(incarnation(1, 0), REQUESTED.source(), REQUESTED.storage(), null, "other", null),
                    used(by("vm")));
            assertThat(plan(kept(), torn))
                    .containsExactly(new Say(requested(1, 1, null).with(by("vm"), null)));
        }

        @Test
        void namesNoMoreThanSoMany() {
            IntStream.rangeClosed(0, UseReading.NAMED).forEach(i -> machine("vm-%04d".formatted(i), "Running"));
            assertThat(plan(kept(), record(REQUESTED))).singleElement().isInstanceOfSatisfying(Say.class, said -> {
                assertThat(said.request().use().machines())
                        .hasSize(UseReading.NAMED)
                        .contains("vm-0000")
                        .doesNotContain("vm-%04d".formatted(UseReading.NAMED));
            });
        }

        @Test
        void isNoMatterOfAnAdoptedImage() {
            machine("vm", "Running");
            WantedImage adopted = phase(kept(), Phase.READY, 1);
            assertThat(plan(adopted, OnRecord.NOTHING)).isEmpty();
            assertThat(planner.needs(adopted, OnRecord.NOTHING)).isEmpty();
        }
    }

    @Nested
    class Unclear {
        @Test
        void staysAsItWasAndHoldsNothingUp() {
            nobodyKnows();
            assertThat(plan(kept(), OnRecord.NOTHING)).containsExactly(new Say(REQUESTED), new LookAgain());
            assertThat(plan(kept(), record(used(by("vm"))))).containsExactly(new LookAgain());
            assertThat(plan(generation(kept(), 2), record(used(by("vm")))))
                    .containsExactly(new Say(requested(2, 0, null).with(by("vm"), null)), new LookAgain());
            assertThat(plan(phase(kept(), Phase.READY, 1), record(used(by("vm")))))
                    .containsExactly(new LookAgain());
        }

        @Test
        void isNotTakenFromALateRecord() {
            nobodyKnows();
            OnRecord late = record(
                    REQUESTED.with(by("old"), null), requested(2, 0, null).with(by("vm"), null), REQUESTED);
            assertThat(plan(generation(kept(), 2), late))
                    .containsExactly(new Say(requested(2, 0, null).with(by("vm"), null)), new LookAgain());
        }

        @Test
        void isNotWhereMachinesAreLastinglyUnserved() {
            machinesAreUnserved(false);
            assertThat(plan(kept(), record(used(by("vm"))))).containsExactly(new LookAgain());
            machinesAreUnserved(true);
            assertThat(plan(kept(), record(used(by("vm"))))).containsExactly(new Say(REQUESTED));
            assertThat(plan(kept(), record(REQUESTED))).isEmpty();
        }

        @Test
        void withdrawsNothing() {
            nobodyKnows();
            assertThat(plan(deleted(kept()), record(REQUESTED))).containsExactly(new LookAgain());
            assertThat(plan(deleted(kept()), record(used(waitingFor("vm"))))).containsExactly(new LookAgain());
            machinesAreUnserved(false);
            assertThat(plan(deleted(kept()), record(REQUESTED))).containsExactly(new LookAgain());
            machinesAreUnserved(true);
            assertThat(plan(deleted(kept()), record(REQUESTED)))
                    .containsExactly(new Say(new ImageWithdrawn(incarnation(2, 0))));
        }
    }

    /** Its deletion was asked for. */
    @Nested
    class Leaving {
        private final WantedImage image = deleted(kept());
        private final ImageWithdrawn withdrawn = new ImageWithdrawn(incarnation(2, 0));

        @Test
        void waitsForThoseWhoUseIt() {
            machine("vm", "Running");
            assertThat(plan(image, record(REQUESTED, published(1, 0))))
                    .containsExactly(new Say(used(waitingFor("vm"))));
            assertThat(plan(image, record(used(by("vm"))))).containsExactly(new Say(used(waitingFor("vm"))));
            assertThat(plan(image, record(used(waitingFor("vm"))))).isEmpty();
            machine("vm", "Stopped");
            assertThat(plan(image, record(used(waitingFor("vm"))))).containsExactly(new Say(withdrawn));
        }

        @Test
        void waitsForWhoeverBeginsToUseItMeanwhile() {
            machine("a", "Running");
            machine("b", "Running");
            assertThat(plan(image, record(used(waitingFor("a"))))).containsExactly(new Say(used(waitingFor("a", "b"))));
        }

        @Test
        void waitsInTheIncarnationThatStands() {
            machine("vm", "Running");
            ImageRequested retried = requested(1, 2, "a");
            assertThat(plan(retry(image, "b"), record(REQUESTED, retried)))
                    .containsExactly(new Say(retried.with(waitingFor("vm"), null)));
            ImageBlocked blocked = new ImageBlocked(incarnation(1, 0), "DatasourceReady", "ImageNotReady", "no", null);
            assertThat(plan(image, record(blocked))).containsExactly(new Say(blocked.with(waitingFor("vm"))));
            // A late record of a paused leader is corrected.
            assertThat(plan(image, record(retried.with(waitingFor("vm"), null), REQUESTED)))
                    .containsExactly(new Say(retried.with(waitingFor("vm"), null)));
        }

        @Test
        void waitsWithoutAWordIfNothingWasRequested() {
            machine("vm", "Running");
            assertThat(plan(image, OnRecord.NOTHING)).isEmpty();
            assertThat(plan(phase(image, Phase.READY, 1), OnRecord.NOTHING)).isEmpty();
            assertThat(plan(image, record(published(1, 0)))).isEmpty();
            assertThat(planner.needs(image, OnRecord.NOTHING)).containsExactly(MACHINES);
            machine("vm", "Stopped");
            assertThat(plan(image, OnRecord.NOTHING)).containsExactly(new Say(withdrawn));
        }

        @Test
        void withoutOurFinalizerWaitsAsLongAsItIsThere() {
            machine("vm", "Running");
            WantedImage others = withFinalizers(image, "example.com/other");
            assertThat(plan(others, record(REQUESTED))).containsExactly(new Say(used(waitingFor("vm"))));
            assertThat(plan(others, OnRecord.NOTHING)).isEmpty();
            assertThat(planner.needs(others, OnRecord.NOTHING)).isEmpty();
        }

        @Test
        void doesNotComeBackOnceItIsWithdrawn() {
            machine("vm", "Running");
            assertThat(plan(image, record(REQUESTED, withdrawn))).isEmpty();
            assertThat(plan(image, record(withdrawn, used(waitingFor("vm"))))).containsExactly(new Say(withdrawn));
            assertThat(plan(image, record(withdrawn, new ImageRemoved(incarnation(2, 0), null))))
                    .containsExactly(new RemoveFinalizer(image));
            assertThat(planner.needs(image, record(REQUESTED, withdrawn))).isEmpty();
        }
    }

    @Nested
    class Checked {
        @Test
        void theAnnotationStandsInTheRequestWheneverItIsSet() {
            ImageRequested checked = REQUESTED.with(null, "a");
            assertThat(plan(check(kept(), "a"), OnRecord.NOTHING)).containsExactly(new Say(checked));
            assertThat(plan(check(kept(), "a"), record(REQUESTED, published(1, 0))))
                    .containsExactly(new Say(checked));
            assertThat(plan(check(phase(kept(), Phase.IMAGE_LOST, 1), "a"), record(REQUESTED)))
                    .containsExactly(new Say(checked));
            assertThat(plan(check(kept(), "a"), record(checked))).isEmpty();
            assertThat(plan(check(kept(), "b"), record(checked))).containsExactly(new Say(REQUESTED.with(null, "b")));
            assertThat(plan(kept(), record(checked))).containsExactly(new Say(REQUESTED));
        }

        @Test
        void itStaysBesideUseAndRetry() {
            machine("vm", "Running");
            WantedImage failed = check(retry(phase(kept(), Phase.FAILED, 1), "try"), "a");
            assertThat(plan(failed, record(REQUESTED)))
                    .containsExactly(new Say(requested(1, 1, "try").with(by("vm"), "a")));
            assertThat(plan(deleted(check(kept(), "a")), record(REQUESTED)))
                    .containsExactly(new Say(REQUESTED.with(waitingFor("vm"), "a")));
        }
    }
}
