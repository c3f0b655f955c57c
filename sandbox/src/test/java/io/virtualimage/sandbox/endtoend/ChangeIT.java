package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.minio.errors.MinioException;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.DataSource;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.Storage;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.Service;
import io.virtualimage.sandbox.ServiceProcess;
import io.virtualimage.sandbox.components.Nginx;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Topic;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A spec that changes again and again, at any moment of the import, while publishers stand still in between: only the last
 * version ever becomes Ready, and nothing of the others stays. {@code CHANGE_SEED} repeats a run, as far as a run can be.
 */
@ExtendWith(EndToEnd.class)
class ChangeIT {
    private static final long MIB = 1 << 20;
    private static final int CHANGES = 20;
    private static final Duration WITHIN = Duration.ofMinutes(4);
    private static final String NAMESPACE = "default";

    /** The changes before which a publisher stands still, in the middle of publishing for that storage; the last is one. */
    private static final Map<Integer, Storage> PAUSES = Map.of(
            7, Storage.CONTAINER_REGISTRY, 13, Storage.PERSISTENT_VOLUME_CLAIM, CHANGES, Storage.CONTAINER_REGISTRY);

    /** Changes that follow one another at once. */
    private static final Set<Integer> QUICK = Set.of(3, 4, 5);

    private final World world;
    private final long seed;
    private final Random random;

    ChangeIT(World world) {
        this.world = world;
        String given = System.getenv("CHANGE_SEED");
        this.seed = given == null ? System.nanoTime() % 1_000_000 : Long.parseLong(given);
        this.random = new Random(seed);
    }

    /** How far an import has come when its spec is changed. */
    private enum Moment {
        AT_ONCE,
        SEEN,
        PROVISIONING,
        FETCHING,
        SOME_PROGRESS,
        PUBLISHING
    }

    /** A file to serve. */
    private record Disk(Path file, String format) {}

    /**
     * What the spec asks for.
     *
     * @param file its own name for the disk, by which requests for it can be told
     */
    private record Version(String file, Disk disk, Nginx server, Storage storage) {}

    /**
     * A change of the spec.
     *
     * @param generation the one that ended
     */
    private record Change(long generation, Version version, long atNanos) {}

    @Test
    void onlyTheLastVersionBecomesReadyAndNothingOfTheOthersStays() throws Exception {
        System.out.println("[change] CHANGE_SEED=" + seed);
        List<Disk> disks = disks();
        // Slow enough to change one's mind while it is pushed: one stream, whose beginning is pushed while it comes.
        try (Nginx trickle = Nginx.start(
                        world.directory().resolve("nginx-trickle"),
                        world.files(),
                        "limit_rate 10m; max_ranges 0; etag off;");
                KubernetesClient client = ClaimedDisk.client(world);
                Traces traces = new Traces(world, NAMESPACE)) {
            int done = 0;
            for (int life = 1; done < CHANGES; life++) {
                assertThat(life)
                        .as("images that were quicker than the next change")
                        .isLessThan(6);
                done += new Life("changing-" + life, done, disks, trickle, client, traces).live();
            }
        }
    }

    /** The last one is like no other. */
    private List<Disk> disks() throws Exception {
        List<Disk> disks = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Path qcow2 = world.files().resolve("change-" + i + ".qcow2");
            SampleImages.writeQcow2(qcow2, 128 * MIB, (60 - 20L * i) * MIB, 200 + i);
            disks.add(new Disk(qcow2, "qcow2"));
        }
        Path raw = world.files().resolve("change-2.img");
        SampleImages.writeRaw(raw, 80 * MIB, 40 * MIB, 202);
        disks.add(new Disk(raw, "raw"));
        Path vmdk = world.files().resolve("change-3.vmdk");
        Programs.run(
                world.directory(), "qemu-img", "convert", "-f", "raw", "-O", "vmdk", raw.toString(), vmdk.toString());
        disks.add(new Disk(vmdk, "vmdk"));
        Path large = world.files().resolve("change-4.qcow2");
        SampleImages.writeQcow2(large, 256 * MIB, 110 * MIB, 204);
        disks.add(new Disk(large, "qcow2"));
        Path last = world.files().resolve("change-last.img");
        SampleImages.writeRaw(last, 70 * MIB, 30 * MIB, 205);
        disks.add(new Disk(last, "raw"));
        return disks;
    }

    /** One object, from its making to the peace after it is Ready. */
    private final class Life {
        private final String name;
        private final int before;
        private final List<Disk> disks;
        private final Nginx trickle;
        private final KubernetesClient client;
        private final Traces traces;
        private final List<Change> changes = new ArrayList<>();
        private long generation = 1;
        private String uid = "";

        Life(String name, int before, List<Disk> disks, Nginx trickle, KubernetesClient client, Traces traces) {
            this.name = name;
            this.before = before;
            this.disks = disks;
            this.trickle = trickle;
            this.client = client;
            this.traces = traces;
        }

        /** Returns how often the spec was changed before the image was Ready. */
        int live() throws Exception {
            try (Observed observed = new Observed(client, NAMESPACE, name);
                    Listener listener = new Listener(
                            world.sandbox().value("KAFKA_BOOTSTRAP"),
                            List.of(Topic.REQUESTS, Topic.FETCHED, Topic.CONVERTED, Topic.PUBLISHED, Topic.PROGRESS))) {
                Version version = version(before);
                uid = apply(version).orElseThrow().getMetadata().getUid();
                try (Sampler sampler = new Sampler(uid, traces)) {
                    sampler.follow(version);
                    while (before + changes.size() < CHANGES) {
                        Version next = change(version, observed, listener);
                        if (next == null) {
                            break;
                        }
                        sampler.follow(next);
                        version = next;
                    }
                    assertThatItEnds(version, observed, listener);
                    report(sampler);
                }
                return changes.size();
            }
        }

        /** Changes the spec at a moment of the import; null if the image was Ready before. */
        private @Nullable Version change(Version now, Observed observed, Listener listener) throws Exception {
            int number = before + changes.size() + 1;
            Storage pause = PAUSES.get(number);
            Moment moment =
                    pause != null ? Moment.PUBLISHING : QUICK.contains(number) ? Moment.AT_ONCE : pick(Moment.values());
            double progress = 1 + random.nextInt(40);
            await().atMost(WITHIN)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> observed.isReady() || reached(moment, progress, observed, listener));
            @Nullable ServiceProcess paused = pause == null ? null : publisherOf(pause, listener);
            Version next = version(number);
            try {
                if (paused != null) {
                    paused.pause();
                }
                long at = System.nanoTime();
                if (apply(next).isEmpty()) {
                    System.out.println("[change] " + name + " was Ready before change " + number);
                    return null;
                }
                changes.add(new Change(generation, now, at));
                generation++;
                System.out.printf(
                        "[change] %d: %s, %s to %s %s%s%n",
                        number,
                        moment,
                        now.file(),
                        next.file(),
                        next.storage(),
                        paused == null ? "" : ", while " + paused.name() + " stands still");
                if (paused != null) {
                    await().atMost(WITHIN)
                            .until(() -> number == CHANGES
                                    ? observed.isReady()
                                    : listener.has(event -> isOurs(event) && event instanceof Event.SegmentFetched));
                }
            } finally {
                if (paused != null) {
                    paused.resume();
                }
            }
            return next;
        }

        private boolean reached(Moment moment, double progress, Observed observed, Listener listener) {
            return switch (moment) {
                case AT_ONCE -> true;
                case SEEN -> observed.statusOf(generation).isPresent();
                case PROVISIONING ->
                    observed.statusOf(generation)
                            .filter(status -> status.phase() == Phase.PROVISIONING)
                            .isPresent();
                case FETCHING -> listener.has(event -> isOurs(event) && event instanceof Event.SegmentFetched);
                case SOME_PROGRESS ->
                    observed.statusOf(generation)
                            .filter(status -> percent(status) >= progress)
                            .isPresent();
                case PUBLISHING -> listener.has(event -> isOurs(event) && isPublishing(event));
            };
        }

        private boolean isOurs(Event event) {
            return event.image().uid().equals(uid) && event.image().generation() == generation;
        }

        private static boolean isPublishing(Event event) {
            return switch (event) {
                case Event.StageProgressed progress -> progress.stage() == Stage.PUBLISH;
                case Event.TaskDeferred deferred -> deferred.task().fillsVolume();
                default -> false;
            };
        }

        /** Who has the work of publishing this version, or had it last. */
        private @Nullable ServiceProcess publisherOf(Storage storage, Listener listener) {
            List<String> workers = listener.all(event -> isOurs(event)).stream()
                    .<String>mapMulti((event, sink) -> {
                        if (event instanceof Event.TaskHeartbeat beat
                                && beat.task().value().startsWith("PushLayer/")) {
                            sink.accept(beat.worker());
                        } else if (event instanceof Event.TaskDeferred deferred
                                && deferred.task().fillsVolume()) {
                            sink.accept(deferred.worker());
                        }
                    })
                    .toList();
            assertThat(workers).as("who publishes to the %s", storage).isNotEmpty();
            return world.sandbox().processesOf(Service.PUBLISHER).stream()
                    .filter(process -> process.name().equals(workers.getLast()))
                    .findFirst()
                    .orElseThrow();
        }

        private void assertThatItEnds(Version version, Observed observed, Listener listener) throws Exception {
            VirtualImage ready = world.images().await(name, Phase.READY, WITHIN);
            assertThat(ready.getMetadata().getGeneration()).isEqualTo(generation);
            String incarnation = generation + "-0";
            String publicName = generation == 1 ? uid : uid + "-" + incarnation;
            VirtualImageStatus status = Objects.requireNonNull(ready.getStatus());
            if (version.storage() == Storage.CONTAINER_REGISTRY) {
                assertThat(status.target().registryURL()).endsWith(":" + publicName);
                assertThat(status.target().persistentVolumeClaimName()).isNull();
                Path disk = Programs.diskOf(status.target().registryURL(), world.directory());
                Programs.run(
                        world.directory(),
                        "qemu-img",
                        "compare",
                        "-f",
                        "qcow2",
                        "-F",
                        version.disk().format(),
                        disk.toString(),
                        version.disk().file().toString());
            } else {
                assertThat(status.target().persistentVolumeClaimName()).endsWith("-" + publicName);
                assertThat(status.target().registryURL()).isNull();
                ClaimedDisk.of(world, name)
                        .assertSameAs(
                                world, version.disk().file(), version.disk().format());
            }
            boolean inRegistry = version.storage() == Storage.CONTAINER_REGISTRY;
            await().atMost(WITHIN).pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
                assertThat(traces.tags(name)).as("tags").isEqualTo(inRegistry ? List.of(publicName) : List.of());
                assertThat(traces.manifests(name)).as("manifests").hasSize(inRegistry ? 1 : 0);
                assertThat(traces.made())
                        .as("claims, Jobs and Pods of older versions")
                        .noneMatch(made -> made.uid().equals(uid)
                                && (inRegistry || !made.incarnation().equals(incarnation)));
                assertThat(traces.staged(uid)).as("staged objects").isEmpty();
            });
            assertThatNothingElseWasEverShown(observed.versions());
            assertThatUsersWereTold(listener);
        }

        private void assertThatNothingElseWasEverShown(List<VirtualImage> versions) {
            VirtualImage ready = null;
            for (VirtualImage seen : versions) {
                long now = seen.getMetadata().getGeneration();
                VirtualImageStatus status = seen.getStatus();
                if (status == null) {
                    continue;
                }
                String url = status.target() == null ? null : status.target().registryURL();
                String claim = status.target() == null ? null : status.target().persistentVolumeClaimName();
                String ending = now == 1 ? uid : uid + "-" + now + "-0";
                assertThat(url == null || url.endsWith(":" + ending))
                        .as("%s in generation %d", url, now)
                        .isTrue();
                assertThat(claim == null || claim.endsWith("-" + ending))
                        .as("%s in generation %d", claim, now)
                        .isTrue();
                if (status.phase() == Phase.READY) {
                    assertThat(status.observedGeneration()).isEqualTo(now);
                    ready = ready == null ? seen : ready;
                }
                assertThat(status.phase()).isNotIn(Phase.FAILED, Phase.IMAGE_LOST, Phase.PVC_LOST);
                if (ready != null) {
                    assertThat(now).as("after it was Ready").isEqualTo(generation);
                    assertThat(status).as("after it was Ready").isEqualTo(ready.getStatus());
                }
            }
            assertThat(ready).isNotNull();
        }

        private void assertThatUsersWereTold(Listener listener) {
            Set<Long> requested = new TreeSet<>();
            listener.all(event -> event instanceof Event.ImageRequested
                            && event.image().uid().equals(uid))
                    .forEach(event -> requested.add(event.image().generation()));
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(
                                    client.v1().events().inNamespace(NAMESPACE).list().getItems().stream()
                                            .filter(event -> uid.equals(
                                                    event.getInvolvedObject().getUid()))
                                            .filter(event -> event.getReason().equals("VirtualImageSpecHasBeenChanged"))
                                            .mapToInt(io.fabric8.kubernetes.api.model.Event::getCount)
                                            .sum())
                            .as("Events, for the imports that were begun: %s", requested)
                            .isEqualTo(requested.size() - 1));
        }

        private void report(Sampler sampler) {
            List<Long> gone = new ArrayList<>();
            List<Long> served = new ArrayList<>();
            for (Change change : changes) {
                sampler.lastStaged(change.generation()).ifPresent(at -> {
                    gone.add(millis(at - change.atNanos()));
                    System.out.printf(
                            "[change] %s: gone from staging %d ms after the change%n",
                            change.version().file(), millis(at - change.atNanos()));
                });
                sampler.lastServed(change.version()).ifPresent(at -> served.add(millis(at - change.atNanos())));
            }
            System.out.printf(
                    "[figures] ChangeIT: %s: %d changes; the old version was gone from staging after %s; "
                            + "the last byte of the old source was asked for after %s%n",
                    name, changes.size(), words(gone), words(served));
        }

        private Optional<VirtualImage> apply(Version version) {
            String url = version.server().uri(version.file()).toString();
            try {
                return Optional.of(world.images()
                        .apply(
                                name,
                                new VirtualImageSpec(
                                        version.storage(), null, DataSource.of(new Origin.Http(url, null, null)))));
            } catch (KubernetesClientException e) {
                if (e.getCode() == HttpURLConnection.HTTP_BAD_REQUEST || e.getCode() == 422) {
                    return Optional.empty();
                }
                throw e;
            }
        }

        /** What the spec is after so many changes. */
        private Version version(int number) throws Exception {
            Storage publishing = PAUSES.get(number + 1);
            Disk disk;
            Nginx server;
            Storage storage;
            if (number == CHANGES) {
                disk = disks.getLast();
                server = world.source();
                storage = Storage.CONTAINER_REGISTRY;
            } else if (publishing == Storage.CONTAINER_REGISTRY) {
                disk = disks.get(4);
                server = trickle;
                storage = publishing;
            } else {
                disk = disks.get(random.nextInt(4));
                server = pick(world.source(), world.slow(), world.slow(), world.plain());
                storage = publishing == null
                        ? pick(Storage.CONTAINER_REGISTRY, Storage.CONTAINER_REGISTRY, Storage.PERSISTENT_VOLUME_CLAIM)
                        : publishing;
            }
            String file = "%s-%02d-of-%s".formatted(name, number, disk.file().getFileName());
            Files.createLink(world.files().resolve(file), disk.file());
            return new Version(file, disk, server, storage);
        }
    }

    @SafeVarargs
    private <T> T pick(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private static double percent(VirtualImageStatus status) {
        String progress = status.progress();
        return progress == null || progress.isEmpty() ? 0 : Double.parseDouble(progress.replace("%", ""));
    }

    private static long millis(long nanos) {
        return Math.max(0, nanos / 1_000_000);
    }

    private static String words(List<Long> millis) {
        List<Long> sorted = millis.stream().sorted().toList();
        return sorted.isEmpty()
                ? "(never seen)"
                : "%d ms (median of %d), %d ms (longest)"
                        .formatted(sorted.get(sorted.size() / 2), sorted.size(), sorted.getLast());
    }

    /** Looks again and again at what is staged of which version, and at what was served of which file. */
    private static final class Sampler implements AutoCloseable {
        private final String uid;
        private final Traces traces;
        private final Map<String, Long> staged = new ConcurrentHashMap<>();
        private final Map<Version, Long> served = new ConcurrentHashMap<>();
        private final Map<Version, Long> servedBytes = new HashMap<>();
        private final Map<String, Version> followed = new ConcurrentHashMap<>();
        private final Thread thread;
        private volatile boolean closed;

        Sampler(String uid, Traces traces) {
            this.uid = uid;
            this.traces = traces;
            this.thread = Thread.ofPlatform().daemon().name("sampler").start(this::sample);
        }

        void follow(Version version) {
            followed.put(version.file(), version);
        }

        private void sample() {
            while (!closed) {
                try {
                    for (String object : traces.staged(uid)) {
                        // uid/generation.run.epoch/…
                        String generation = object.split("/", 3)[1].replaceFirst("[.].*", "");
                        staged.put(generation, System.nanoTime());
                    }
                } catch (MinioException e) {
                    throw new IllegalStateException(e);
                }
                for (Version version : followed.values()) {
                    long bytes = version.server().bytesSent(version.file());
                    if (bytes > servedBytes.getOrDefault(version, 0L)) {
                        servedBytes.put(version, bytes);
                        served.put(version, System.nanoTime());
                    }
                }
                LockSupport.parkNanos(50_000_000);
            }
        }

        Optional<Long> lastStaged(long generation) {
            return Optional.ofNullable(staged.get(Long.toString(generation)));
        }

        Optional<Long> lastServed(Version version) {
            return Optional.ofNullable(served.get(version));
        }

        @Override
        public void close() {
            closed = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
