package io.virtualimage.sandbox.simulator;

import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.publisher.care.NoAnswerException;
import io.virtualimage.publisher.care.Place;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.statuswriter.ImageApi;
import io.virtualimage.statuswriter.ImageNotice;
import io.virtualimage.statuswriter.StandingImage;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.watcher.Dependency;
import io.virtualimage.watcher.Lookup;
import io.virtualimage.watcher.Surroundings;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Defects that somebody might put into the protocol one day, each through a port. */
final class Saboteurs {
    private Saboteurs() {}

    /** A defect that is looked for where there is much trouble. */
    abstract static class Defect extends Saboteur {
        private final String name;

        private Defect(String name) {
            this.name = name;
        }

        @Override
        String name() {
            return name;
        }

        @Override
        Scenario scenario(Dice dice) {
            return Scenario.rough(dice, 1, 0.15);
        }
    }

    static List<Saboteur> all() {
        return List.of(
                new NoFence(),
                new AcknowledgesFirst(),
                new NoEpochs(),
                new CarelessTakeover(),
                new UnfencedHosts(),
                new TrustsItsCache(),
                new SilenceIsLoss());
    }

    /** Nobody asks whether an incarnation is still the one that is wanted. */
    static final class NoFence extends Defect {
        NoFence() {
            super("no fencing");
        }

        @Override
        Ledger ledger(Ledger ledger) {
            return new Ledger() {
                @Override
                public Verdict judge(Incarnation image, Position cause) {
                    return Verdict.WANTED;
                }

                @Override
                public Verdict judgeNow(Incarnation image) {
                    return Verdict.WANTED;
                }

                @Override
                public Optional<Incarnation> wanted(String uid) throws LedgerBehindException {
                    return ledger.wanted(uid);
                }
            };
        }

        /** Says of every object that it is what was written last, and takes any patch. */
        @Override
        ImageApi imageApi(ImageApi api) {
            return new ImageApi() {
                @Override
                public Optional<StandingImage> get(String namespace, String name)
                        throws ImageApiException, InterruptedException {
                    return api.get(namespace, name)
                            .map(image -> new StandingImage(
                                    image.uid(), generationSaid(image), image.resourceVersion(), image.status()));
                }

                private static long generationSaid(StandingImage image) {
                    VirtualImageStatus status = image.status();
                    Long observed = status == null ? null : status.observedGeneration();
                    return observed == null ? image.generation() : observed;
                }

                @Override
                public Outcome applyStatus(
                        String namespace,
                        String name,
                        String uid,
                        @Nullable String resourceVersion,
                        VirtualImageStatus status)
                        throws ImageApiException, InterruptedException {
                    return api.applyStatus(namespace, name, uid, null, status);
                }

                @Override
                public Outcome createEvent(ImageNotice notice) throws ImageApiException, InterruptedException {
                    return api.createEvent(notice);
                }
            };
        }
    }

    /** A task is acknowledged when it is taken, not when what came of it is announced. */
    static final class AcknowledgesFirst extends Defect {
        AcknowledgesFirst() {
            super("acknowledges first");
        }

        @Override
        boolean acknowledgesFirst() {
            return true;
        }
    }

    /** Staged objects carry neither epoch nor session: bytes of one version stand where another's are looked for. */
    static final class NoEpochs extends Defect {
        NoEpochs() {
            super("no epochs and sessions in staging");
        }

        @Override
        Scenario scenario(Dice dice) {
            return Scenario.rough(dice, 1, 0.9);
        }

        @Override
        StagingStore staging(StagingStore staging) {
            return new StagingStore() {
                private SegmentKey blurred(SegmentKey key) {
                    return new SegmentKey(key.image(), 0, key.kind(), key.index());
                }

                @Override
                public Optional<SegmentFacts> put(
                        SegmentKey key, @Nullable String session, int length, InputStream body, Overwrite overwrite)
                        throws IOException, StagingUnavailableException, InterruptedException {
                    return staging.put(blurred(key), null, length, body, Overwrite.ALLOW);
                }

                @Override
                public Optional<SegmentFacts> facts(SegmentKey key)
                        throws StagingUnavailableException, InterruptedException {
                    return staging.facts(blurred(key));
                }

                @Override
                public byte[] read(SegmentKey key, @Nullable String session)
                        throws SegmentLostException, StagingUnavailableException, InterruptedException {
                    return staging.read(blurred(key), null);
                }

                @Override
                public void putDocument(Incarnation image, int epoch, String name, byte[] document)
                        throws StagingUnavailableException, InterruptedException {
                    staging.putDocument(image, epoch, name, document);
                }

                @Override
                public Optional<byte[]> getDocument(Incarnation image, int epoch, String name)
                        throws StagingUnavailableException, InterruptedException {
                    return staging.getDocument(image, epoch, name);
                }

                @Override
                public void clean(Incarnation image, boolean keepCurrent)
                        throws StagingUnavailableException, InterruptedException {
                    staging.clean(image, keepCurrent);
                }

                @Override
                public List<String> stagedUids() throws StagingUnavailableException, InterruptedException {
                    return staging.stagedUids();
                }

                @Override
                public void cleanAll(String uid) throws StagingUnavailableException, InterruptedException {
                    staging.cleanAll(uid);
                }
            };
        }
    }

    /** Who takes a partition over believes that all was sent that its changelog says was given out. */
    static final class CarelessTakeover extends Defect {
        CarelessTakeover() {
            super("careless takeover");
        }

        @Override
        boolean doubts() {
            return false;
        }
    }

    /** Whether nobody uses an image is read from the cache alone. */
    static final class TrustsItsCache extends Defect {
        TrustsItsCache() {
            super("trusts its cache of machines");
        }

        @Override
        Surroundings surroundings(Surroundings surroundings) {
            return new Surroundings() {
                @Override
                public void follow(String uid, Set<Dependency> dependencies) {
                    surroundings.follow(uid, dependencies);
                }

                @Override
                public Lookup look(Dependency dependency) {
                    return surroundings.look(dependency);
                }

                @Override
                public Surroundings live() {
                    return this;
                }
            };
        }
    }

    /** A caretaker takes a registry that doesn't answer for one that has nothing. */
    static final class SilenceIsLoss extends Defect {
        SilenceIsLoss() {
            super("silence is loss");
        }

        /** Nobody takes anything, and the registry is often silent. */
        @Override
        Scenario scenario(Dice dice) {
            return Scenario.rough(dice, 1, 0.15).silent();
        }

        @Override
        Place place(Place place) {
            return new Place() {
                @Override
                public Optional<String> missing(Event.ImagePublished published) throws InterruptedException {
                    try {
                        return place.missing(published);
                    } catch (NoAnswerException e) {
                        return Optional.of(String.valueOf(e.getMessage()));
                    }
                }

                @Override
                public void sweep(Incarnation image, Predicate<Incarnation> goes)
                        throws NoAnswerException, InterruptedException {
                    place.sweep(image, goes);
                }
            };
        }
    }

    /** A host that was paused goes on from old facts, and writes states where its successors do. */
    static final class UnfencedHosts extends Defect {
        UnfencedHosts() {
            super("unfenced hosts");
        }

        @Override
        Scenario scenario(Dice dice) {
            return Scenario.rough(dice, 4, 0.15);
        }

        @Override
        boolean fencesStates() {
            return false;
        }

        @Override
        boolean refusesAfterPause() {
            return false;
        }
    }
}
