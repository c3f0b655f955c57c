package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.DataSource;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.Storage;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.Images;
import io.virtualimage.sandbox.Service;
import io.virtualimage.sandbox.ServiceProcess;
import io.virtualimage.sandbox.components.Readiness;
import io.virtualimage.sandbox.components.Registry;
import io.virtualimage.sandbox.components.S3ProxyStore;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.topics.Topic;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Hundreds of images come and go while everything that works on them is killed in between: nothing is left of those that
 * went, and those that stay are what they should be. {@code CHURN_SEED} repeats a run, as far as a run can be;
 * {@code CHURN_IMAGES} makes it smaller.
 */
@ExtendWith(EndToEnd.class)
class ChurnIT {
    private static final long MIB = 1 << 20;
    private static final String NAMESPACE = "churn";
    private static final String BASE = "churn-base";
    private static final int DISKS = 12;
    private static final int OUTAGES = 16;

    /** So many images may be on their way at a time. */
    private static final int AT_A_TIME = 24;

    private static final Duration WITHIN = Duration.ofMinutes(12);

    /** The marker of a deleted image stays for 90 s here. */
    private static final Duration CLEAN_WITHIN = Duration.ofMinutes(5);

    private final World world;
    private final long seed;
    private final Random random;
    private final int images;

    ChurnIT(World world) {
        this.world = world;
        String given = System.getenv("CHURN_SEED");
        this.seed = given == null ? System.nanoTime() % 1_000_000 : Long.parseLong(given);
        this.random = new Random(seed);
        this.images = Integer.parseInt(System.getenv().getOrDefault("CHURN_IMAGES", "200"));
    }

    /** What an image is made from, and where it goes. */
    private enum Kind {
        RANGES(30, Phase.READY),
        STREAM(12, Phase.READY),
        CLAIM(15, Phase.READY),
        UPLOAD(8, Phase.READY),
        NEVER_UPLOADED(5, Phase.WAIT_FOR_USER_UPLOAD),
        OF_IMAGE(10, Phase.READY),
        CONTAINER_IMAGE(8, Phase.READY),
        NO_IMAGE(6, Phase.FAILED),
        NOT_FOUND(6, Phase.FAILED);

        /** Of a hundred. */
        private final int share;

        private final Phase end;

        Kind(int share, Phase end) {
            this.share = share;
            this.end = end;
        }
    }

    /** When an image is deleted. */
    private enum Doom {
        AT_ONCE,
        SEEN,
        PROVISIONING,
        SOME_PROGRESS,
        AT_ITS_END,
        NEVER
    }

    private static final List<Doom> DOOMS =
            List.of(Doom.AT_ONCE, Doom.SEEN, Doom.PROVISIONING, Doom.SOME_PROGRESS, Doom.AT_ITS_END);

    /** One image, and what became of it. */
    private static final class Specimen {
        private final String name;
        private final Kind kind;
        private final Doom doom;
        private final int disk;
        private final int patience;
        private String uid = "";
        private int settledAt = -1;
        private volatile boolean deleted;
        private boolean uploading;

        Specimen(String name, Kind kind, Doom doom, int disk, int patience) {
            this.name = name;
            this.kind = kind;
            this.doom = doom;
            this.disk = disk;
            this.patience = patience;
        }
    }

    /**
     * Something that is away for a while.
     *
     * @param back whether it is of use again after its end
     */
    private record Outage(String what, Runnable begin, Runnable end, Readiness back) {}

    @Test
    void whatWasDeletedIsGoneAndWhatStaysIsWhole() throws Exception {
        System.out.println("[churn] CHURN_SEED=" + seed);
        writeFiles();
        try (KubernetesClient client = ClaimedDisk.client(world);
                Images user = new Images(world.sandbox().kubeconfig(), NAMESPACE);
                Registry registry =
                        Registry.start(world.directory().resolve("churn-registry"), Registry.Storage.MEMORY);
                Traces traces = new Traces(world, NAMESPACE)) {
            client.resource(new NamespaceBuilder()
                            .withNewMetadata()
                            .withName(NAMESPACE)
                            .endMetadata()
                            .build())
                    .serverSideApply();
            String container = containerImage(registry);
            user.apply(BASE, world.source().uri(file(0)), null);
            user.await(BASE, Phase.READY, WITHIN);

            Churn churn = new Churn(client, user, container);
            long began = System.nanoTime();
            try {
                await().atMost(WITHIN).pollInterval(Duration.ofMillis(20)).until(churn::step);
            } finally {
                churn.endOutage();
            }
            long churned = seconds(began);
            for (Service service : Service.values()) {
                world.sandbox().processesOf(service).forEach(ServiceProcess::awaitReady);
            }
            Map<Boolean, List<Specimen>> byFate =
                    churn.specimens.stream().collect(Collectors.partitioningBy(specimen -> specimen.deleted));
            List<Specimen> kept = byFate.get(false);
            for (Service service : Service.values()) {
                assertThat(churn.deletedWhileAway.keySet())
                        .as("what was away when deletions were asked")
                        .anyMatch(name -> name.startsWith(service.serviceName()));
            }
            for (Specimen specimen : kept) {
                user.await(specimen.name, specimen.kind.end, WITHIN);
            }
            long cleanBegan = System.nanoTime();
            assertThatNothingIsLeftOf(byFate.get(true), client, traces);
            long cleaned = seconds(cleanBegan);
            assertThatItIsWhole(kept, user);
            System.out.printf(
                    "[figures] ChurnIT: %d images in %d s, %d deleted (by phase: %s); away in between: %s; "
                            + "deletions asked meanwhile: %s; all was clean %d s after that, but for %d uploads that the registry purges%n",
                    images,
                    churned,
                    byFate.get(true).size(),
                    churn.deletedIn,
                    churn.outages,
                    churn.deletedWhileAway,
                    cleaned,
                    uploadsLeft(byFate.get(true), traces));
            kept.forEach(specimen -> user.delete(specimen.name));
            user.delete(BASE);
        }
    }

    private static int uploadsLeft(List<Specimen> deleted, Traces traces) throws IOException {
        int uploads = 0;
        for (Specimen specimen : deleted) {
            uploads += traces.uploads(specimen.name).size();
        }
        return uploads;
    }

    private static String file(int disk) {
        return "churn-%02d.qcow2".formatted(disk);
    }

    private static String raw(int disk) {
        return "churn-%02d.img".formatted(disk);
    }

    private void writeFiles() throws Exception {
        for (int i = 0; i < DISKS; i++) {
            long dataBytes = (256L << 10) + random.nextInt((int) (4 * MIB));
            SampleImages.writeQcow2(world.files().resolve(file(i)), 16 * MIB, dataBytes, seed + i);
            SampleImages.writeRaw(world.files().resolve(raw(i)), 6 * MIB, 2 * MIB, seed + i);
        }
        Files.writeString(world.files().resolve("churn-no-image"), "There is no such image.\n".repeat(9_000));
    }

    private String containerImage(Registry registry) throws Exception {
        ContainerImages builder = new ContainerImages(world.directory().resolve("churn-build"));
        SampleImages.writeQcow2(builder.directory().resolve("disk.img"), 16 * MIB, 2 * MIB, seed - 1);
        builder.build("FROM scratch", "COPY disk.img /disk/disk.img");
        String image = registry.hostAndPort() + "/churn/disk:1";
        builder.push(image, "--format oci --disable-compression");
        return image;
    }

    private static long seconds(long sinceNanos) {
        return Duration.ofNanos(System.nanoTime() - sinceNanos).toSeconds();
    }

    /** The user, and whoever pulls the plugs. All in one thread, a step at a time. */
    private final class Churn {
        private final KubernetesClient client;
        private final Images user;
        private final String container;
        private final List<Specimen> specimens = new ArrayList<>();
        private final List<Outage> outagesToCome = outages();
        private final Map<Phase, Integer> deletedIn = new TreeMap<>();
        private final Map<String, Integer> outages = new TreeMap<>();
        private final Map<String, Integer> deletedWhileAway = new TreeMap<>();
        private final List<Specimen> toCome;
        private final int actionsInAll;
        private int actions;
        private @Nullable Outage outage;
        private @Nullable Outage lastOutage;
        private long outageBegan;
        private int deletedAtOutage;
        private int deleted;
        private int outagesDone;

        /** Deletions that don't wait for their time, because something is away that has to come to know of them later. */
        private int owed;

        Churn(KubernetesClient client, Images user, String container) {
            this.client = client;
            this.user = user;
            this.container = container;
            this.toCome = specimensToCome();
            this.actionsInAll = 2 * toCome.size();
        }

        private List<Specimen> specimensToCome() {
            List<Kind> kinds = new ArrayList<>();
            for (Kind kind : Kind.values()) {
                kinds.addAll(Collections.nCopies(Math.max(1, images * kind.share / 100), kind));
            }
            while (kinds.size() < images) {
                kinds.add(Kind.RANGES);
            }
            Collections.shuffle(kinds, random);
            List<Specimen> all = new ArrayList<>();
            for (int i = 0; i < images; i++) {
                Doom doom = random.nextInt(100) < 15 ? Doom.NEVER : DOOMS.get(random.nextInt(DOOMS.size()));
                String name = "churn-%03d-%s"
                        .formatted(
                                i, kinds.get(i).name().toLowerCase(Locale.ROOT).replace('_', '-'));
                all.add(new Specimen(name, kinds.get(i), doom, random.nextInt(DISKS), random.nextInt(30)));
            }
            return all;
        }

        /** Each service at least once, and then any of their processes; and the stores. */
        private List<Outage> outages() {
            List<ServiceProcess> victims = new ArrayList<>();
            List<ServiceProcess> all = new ArrayList<>();
            for (Service service : Service.values()) {
                List<ServiceProcess> processes = world.sandbox().processesOf(service);
                victims.add(processes.get(random.nextInt(processes.size())));
                all.addAll(processes);
            }
            while (victims.size() < OUTAGES - 2) {
                victims.add(all.get(random.nextInt(all.size())));
            }
            List<Outage> result = new ArrayList<>();
            for (ServiceProcess victim : victims) {
                result.add(
                        new Outage(victim.name(), victim::kill, victim::restart, Readiness.http(victim.readiness())));
            }
            Registry registry = world.sandbox().registry();
            result.add(new Outage("registry", () -> registry.process().kill(), registry::restart, () -> true));
            if (world.sandbox().objectStore() instanceof S3ProxyStore store) {
                result.add(new Outage("object store", store::pause, store::resume, () -> true));
            }
            // One of each service first: while there is a choice of images to delete meanwhile.
            int services = Service.values().length;
            Collections.shuffle(result.subList(0, services), random);
            Collections.shuffle(result.subList(services, result.size()), random);
            return result;
        }

        /** Does what is due; returns whether all is done. */
        boolean step() {
            pullPlugs();
            Map<String, VirtualImage> objects = objects();
            int underWay = 0;
            boolean waiting = false;
            for (Specimen specimen : specimens) {
                VirtualImage object = objects.get(specimen.name);
                if (specimen.deleted || object == null) {
                    continue;
                }
                Phase phase = object.phase();
                boolean atItsEnd = phase == specimen.kind.end;
                if (atItsEnd && specimen.settledAt < 0) {
                    specimen.settledAt = actions;
                }
                if (specimen.kind == Kind.UPLOAD && phase == Phase.WAIT_FOR_USER_UPLOAD && !specimen.uploading) {
                    specimen.uploading = true;
                    upload(specimen, object);
                }
                boolean mortal = specimen.doom != Doom.NEVER;
                if (isDue(specimen, object) || (mortal && owed > 0)) {
                    owed = Math.max(0, owed - 1);
                    delete(specimen, phase);
                } else {
                    underWay += atItsEnd ? 0 : 1;
                    waiting |= mortal;
                }
            }
            while (!toCome.isEmpty() && underWay < AT_A_TIME && !isBehind()) {
                underWay++;
                create(toCome.removeFirst());
            }
            return toCome.isEmpty() && !waiting && outagesToCome.isEmpty() && outage == null;
        }

        private Map<String, VirtualImage> objects() {
            return client.resources(VirtualImage.class).inNamespace(NAMESPACE).list().getItems().stream()
                    .collect(Collectors.toMap(image -> image.getMetadata().getName(), image -> image));
        }

        private boolean isDue(Specimen specimen, VirtualImage object) {
            boolean atItsEnd = specimen.settledAt >= 0;
            return switch (specimen.doom) {
                case AT_ONCE -> true;
                case SEEN -> object.getStatus() != null;
                case PROVISIONING -> atItsEnd || object.phase() == Phase.PROVISIONING;
                case SOME_PROGRESS -> atItsEnd || progress(object) >= 20;
                // In any order, while others come and go.
                case AT_ITS_END -> atItsEnd && (toCome.isEmpty() || actions - specimen.settledAt >= specimen.patience);
                case NEVER -> false;
            };
        }

        private static double progress(VirtualImage image) {
            VirtualImageStatus status = image.getStatus();
            String progress = status == null ? null : status.progress();
            return progress == null || progress.isEmpty() ? 0 : Double.parseDouble(progress.replace("%", ""));
        }

        private void create(Specimen specimen) {
            String plainFile = file(specimen.disk);
            VirtualImageSpec spec = switch (specimen.kind) {
                case RANGES -> inRegistry(world.source().uri(plainFile));
                case STREAM -> inRegistry(world.plain().uri(plainFile));
                case CLAIM ->
                    new VirtualImageSpec(
                            Storage.PERSISTENT_VOLUME_CLAIM,
                            null,
                            DataSource.of(new Origin.Http(
                                    world.source().uri(raw(specimen.disk)).toString(), null, null)));
                case UPLOAD, NEVER_UPLOADED -> VirtualImageSpec.inRegistry(new Origin.Upload(null));
                case OF_IMAGE -> VirtualImageSpec.inRegistry(new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, BASE));
                case CONTAINER_IMAGE -> VirtualImageSpec.inRegistry(new Origin.ContainerImage(container, null, null));
                case NO_IMAGE -> inRegistry(world.source().uri("churn-no-image"));
                case NOT_FOUND -> inRegistry(world.source().uri("churn-nowhere"));
            };
            specimen.uid = user.apply(specimen.name, spec).getMetadata().getUid();
            specimens.add(specimen);
            actions++;
        }

        private static VirtualImageSpec inRegistry(URI url) {
            return VirtualImageSpec.inRegistry(new Origin.Http(url.toString(), null, null));
        }

        private void delete(Specimen specimen, @Nullable Phase phase) {
            user.delete(specimen.name);
            specimen.deleted = true;
            deletedIn.merge(phase == null ? Phase.PENDING : phase, 1, Integer::sum);
            actions++;
            deleted++;
            if (outage != null) {
                deletedWhileAway.merge(outage.what(), 1, Integer::sum);
            }
        }

        /** As a user does who is patient: again, until it is there, or nobody wants it any more. */
        private void upload(Specimen specimen, VirtualImage object) {
            String url =
                    Objects.requireNonNull(object.getStatus()).imageUploadURLs().external();
            UploadClient uploader =
                    new UploadClient(URI.create(url), world.files().resolve(file(specimen.disk)));
            Thread.ofVirtual().name("upload-" + specimen.name).start(() -> {
                long deadline = System.nanoTime() + WITHIN.toNanos();
                while (System.nanoTime() < deadline && !specimen.deleted) {
                    UploadClient.Answer head = uploader.head();
                    if (head.status() == 200
                            && uploader.put(head.offset(), Long.MAX_VALUE, null).status() == 201) {
                        return;
                    }
                    LockSupport.parkNanos(100_000_000);
                }
            });
        }

        private void pullPlugs() {
            Outage current = outage;
            if (current != null) {
                long millis = (System.nanoTime() - outageBegan) / 1_000_000;
                if (millis > 3_000 || (millis > 500 && deleted - deletedAtOutage >= 2)) {
                    endOutage();
                }
                return;
            }
            if (!outagesToCome.isEmpty() && (actions >= due() || toCome.isEmpty()) && isBack(lastOutage)) {
                Outage next = outagesToCome.removeFirst();
                next.begin().run();
                outage = next;
                outageBegan = System.nanoTime();
                deletedAtOutage = deleted;
                owed = 2;
                outages.merge(next.what(), 1, Integer::sum);
                outagesDone++;
            }
        }

        /** The number of actions with which the next outage comes: they are spread over most of the time. */
        private int due() {
            return 20 + outagesDone * actionsInAll * 8 / 10 / OUTAGES;
        }

        /** Whether outages take so long that all images would have come before the last of them. */
        private boolean isBehind() {
            return !outagesToCome.isEmpty() && actions >= due() + AT_A_TIME;
        }

        /** One at a time. */
        private static boolean isBack(@Nullable Outage outage) {
            try {
                return outage == null || outage.back().isReady();
            } catch (IOException e) {
                return false;
            }
        }

        void endOutage() {
            if (outage != null) {
                outage.end().run();
                lastOutage = outage;
                outage = null;
            }
        }
    }

    private void assertThatNothingIsLeftOf(List<Specimen> deleted, KubernetesClient client, Traces traces) {
        Set<String> names =
                deleted.stream().map(specimen -> specimen.name).collect(Collectors.toCollection(TreeSet::new));
        Map<String, String> byUid = new HashMap<>();
        deleted.forEach(specimen -> byUid.put(specimen.uid, specimen.name));
        await().atMost(CLEAN_WITHIN).pollInterval(Duration.ofSeconds(1)).untilAsserted(() -> {
            assertThat(client.resources(VirtualImage.class)
                            .inNamespace(NAMESPACE)
                            .list()
                            .getItems())
                    .as("objects that are still there")
                    .filteredOn(image -> byUid.containsKey(image.getMetadata().getUid()))
                    .extracting(image -> image.getMetadata().getName() + " " + Images.words(image))
                    .isEmpty();
            assertThat(traces.made())
                    .as("claims, Jobs and Pods")
                    .filteredOn(made -> byUid.containsKey(made.uid()))
                    .isEmpty();
            List<String> published = new ArrayList<>();
            for (String name : names) {
                traces.tags(name).forEach(tag -> published.add("tag " + name + ":" + tag));
                traces.manifests(name).forEach(hash -> published.add("manifest " + name + "@" + hash));
            }
            assertThat(published).as("in the registry").isEmpty();
            assertThat(traces.staged(""))
                    .as("staged objects")
                    .filteredOn(object -> byUid.containsKey(object.substring(0, object.indexOf('/'))))
                    .isEmpty();
        });
        Stream<String> compacted =
                Stream.of(Topic.REQUESTS, Topic.PUBLISHED, Topic.STATUS).map(Topic::topicName);
        Stream<String> changelogs = Stream.of("fetch", "convert", "publish", "status")
                .map(fold -> "virtualimage-" + fold + "-state-changelog");
        try (LastWords words = new LastWords(
                world.sandbox().value("KAFKA_BOOTSTRAP"),
                Stream.concat(compacted, changelogs).toList())) {
            await().atMost(CLEAN_WITHIN)
                    .pollInterval(Duration.ofSeconds(2))
                    .untilAsserted(() -> assertThat(words.of(byUid.keySet()))
                            .as("last records that are no tombstones")
                            .isEmpty());
            // Some were deleted before anybody knew of them.
            assertThat(words.everSpokenOf().stream().filter(byUid::containsKey)).hasSizeGreaterThan(deleted.size() / 2);
        }
    }

    private void assertThatItIsWhole(List<Specimen> kept, Images user) throws Exception {
        Map<Kind, Integer> compared = new TreeMap<>();
        for (Specimen specimen : kept) {
            if (specimen.kind.end != Phase.READY || compared.merge(specimen.kind, 1, Integer::sum) > 2) {
                continue;
            }
            VirtualImageStatus status = Objects.requireNonNull(
                    user.find(specimen.name).orElseThrow().getStatus());
            if (specimen.kind == Kind.CLAIM) {
                ClaimedDisk.of(world, NAMESPACE, status.target().persistentVolumeClaimName())
                        .assertSameAs(world, world.files().resolve(raw(specimen.disk)), "raw");
                continue;
            }
            Path original = switch (specimen.kind) {
                case OF_IMAGE -> world.files().resolve(file(0));
                case CONTAINER_IMAGE -> world.directory().resolve("churn-build").resolve("disk.img");
                default -> world.files().resolve(file(specimen.disk));
            };
            assertThat(Files.mismatch(Programs.diskOf(status.target().registryURL(), world.directory()), original))
                    .as(specimen.name)
                    .isEqualTo(-1);
        }
    }
}
