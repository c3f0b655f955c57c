package io.virtualimage.sandbox.simulator;

import io.virtualimage.k8s.Phase;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Users, and the web servers that they fetch from. */
final class Users {
    /** As often as each stands here. */
    private static final List<Content> CONTENTS = List.of(
            Content.QCOW2,
            Content.QCOW2,
            Content.QCOW2,
            Content.QCOW2,
            Content.QCOW2,
            Content.RAW,
            Content.RAW,
            Content.VMDK,
            Content.PACKED_RAW,
            Content.PACKED_QCOW2,
            Content.TEXT,
            Content.BROKEN_QCOW2);

    private final Scheduler scheduler;
    private final Scenario scenario;
    private final Dice dice;
    private final KubeApi api;
    private final Machines machines;
    private final Truth truth;
    private final Map<String, SourceFile> web;
    private final Counts counts;
    private boolean over;
    private int files;
    private int objects;
    private int started;
    private final Set<String> waiting = new HashSet<>();

    Users(
            Scheduler scheduler,
            Scenario scenario,
            Dice dice,
            KubeApi api,
            Machines machines,
            Truth truth,
            Map<String, SourceFile> web,
            Counts counts) {
        this.scheduler = scheduler;
        this.scenario = scenario;
        this.dice = dice;
        this.api = api;
        this.machines = machines;
        this.truth = truth;
        this.web = web;
        this.counts = counts;
    }

    void begin() {
        for (int i = 0; i < scenario.images(); i++) {
            String name = "image-" + i;
            later(15_000, () -> create(name));
        }
    }

    /** Nobody changes anything any more, and no machine runs. */
    void end() {
        over = true;
        machines.all().forEach(machine -> machines.stop(machine.name()));
        web.values().forEach(file -> file.cut(0));
    }

    private void later(int mostMillis, Runnable action) {
        scheduler.after(Duration.ofMillis(dice.skewed(0, mostMillis)), () -> {
            if (!over) {
                action.run();
            }
        });
    }

    private void create(String name) {
        String uid = "uid-" + ++objects;
        Truth.Image image = truth.image(name, uid);
        Truth.Wish wish = wish(1);
        truth.wished(image, wish);
        scheduler.note("user", "creates " + name, wish.file());
        api.create(name, uid, KubeApi.spec(wish.file().url(), wish.sha256()));
        if (dice.chance(0.3)) {
            later(30_000, () -> respecify(image));
        }
        if (dice.chance(0.2)) {
            later(50_000, () -> retry(image));
        }
        if (dice.chance(0.25)) {
            later(45_000, () -> delete(name, image));
        }
        if (dice.chance(0.5)) {
            later(45_000, () -> use(name, image));
        }
    }

    /**
     * A machine starts, unless the image's deletion was asked for; even then, if another one keeps it. Nobody can promise
     * more: the platform starts no machine on an image that is leaving.
     */
    private void use(String name, Truth.Image image) {
        boolean startable = api.get(image.uid())
                .filter(object -> !object.finalizers().isEmpty() && (!object.deleting() || machines.use(name)))
                .isPresent();
        if (!startable) {
            return;
        }
        String machine = "vm-" + ++started;
        scheduler.note("user", "starts " + machine + " on", image.uid());
        machines.start(machine, name);
        Optional<String> tag = truth.shownTag(image);
        scheduler.after(Duration.ofMillis(dice.between(500, 30_000)), () -> cease(machine, name, image, tag));
        if (dice.chance(0.3)) {
            later(15_000, () -> use(name, image));
        }
        if (dice.chance(0.4)) {
            later(20_000, () -> delete(name, image));
        }
    }

    private void cease(String machine, String name, Truth.Image image, Optional<String> tag) {
        if (over) {
            return; // it was stopped with all others
        }
        if (api.get(image.uid()).isEmpty()) {
            throw new BrokenInvariantError(image.uid() + " is gone, although " + machine + " uses it");
        }
        tag.ifPresent(used -> truth.usable(image, used));
        boolean stops = dice.chance(0.5);
        scheduler.note("user", stops ? "stops" : "deletes", machine);
        if (stops) {
            machines.stop(machine);
        } else {
            machines.delete(machine);
        }
        if (dice.chance(0.2)) {
            later(5_000, () -> use(name, image));
        }
    }

    /** Invariant: what is used is never withdrawn. */
    void requested(Event.Request request) {
        Incarnation image = request.image();
        if (request.use() != null && request.use().deletionAsked() && waiting.add(image.uid())) {
            counts.waited++;
        }
        if (request instanceof Event.ImageWithdrawn && api.get(image.uid()).isPresent() && machines.use(image.name())) {
            throw new BrokenInvariantError(image.uid() + " was withdrawn, although it is used");
        }
    }

    private void respecify(Truth.Image image) {
        long generation =
                api.get(image.uid()).map(object -> object.generation() + 1).orElse(0L);
        if (generation == 0 || image.deleted()) {
            return;
        }
        // What will be wanted has to be known before anybody can act on it.
        Truth.Wish wish = wish(generation);
        truth.wished(image, wish);
        scheduler.note("user", "wants of " + image.uid(), wish.file());
        if (api.respecify(image.uid(), KubeApi.spec(wish.file().url(), wish.sha256()))) {
            counts.superseded++;
        } else {
            scheduler.note("user", "is refused", image.uid());
        }
        if (dice.chance(0.3)) {
            later(10_000, () -> respecify(image));
        }
    }

    private void retry(Truth.Image image) {
        boolean worthIt = api.get(image.uid())
                .filter(object -> object.status() == null || object.status().phase() != Phase.READY)
                .isPresent();
        if (worthIt && !image.deleted()) {
            truth.retried(image);
            scheduler.note("user", "wants another try of", image.uid());
            api.retry(image.uid(), "try-" + image.retries());
        }
    }

    private void delete(String name, Truth.Image image) {
        if (image.deleted()) {
            return;
        }
        truth.deleted(image);
        scheduler.note("user", "deletes", image.uid());
        api.delete(image.uid());
        if (dice.chance(0.5)) {
            later(20_000, () -> createAgain(name));
        }
    }

    private void createAgain(String name) {
        if (api.find("default", name).isPresent()) {
            later(3_000, () -> createAgain(name));
        } else {
            create(name);
        }
    }

    private Truth.Wish wish(long generation) {
        boolean proper = dice.chance(0.6);
        SourceFile.Validation validation = dice.pick(Arrays.asList(
                SourceFile.Validation.STRONG,
                SourceFile.Validation.STRONG,
                SourceFile.Validation.WEAK,
                SourceFile.Validation.NONE));
        SourceFile file = new SourceFile(
                "http://web.example/file-" + ++files,
                proper ? SourceFile.Validation.STRONG : validation,
                proper || dice.chance(0.7),
                proper || dice.chance(0.7));
        web.put(file.url(), file);
        Content content = dice.pick(CONTENTS);
        file.become(bytes(content), scheduler.millis());
        misbehave(file, content);
        return new Truth.Wish(generation, file, checksum(file), content, scheduler.millis());
    }

    private @Nullable String checksum(SourceFile file) {
        if (dice.chance(0.6)) {
            return null;
        }
        byte[] of = dice.chance(0.9) ? file.current().bytes() : new byte[] {1};
        return Truth.sha256(of);
    }

    private void misbehave(SourceFile file, Content content) {
        if (dice.chance(scenario.changes())) {
            int times = dice.between(1, 3);
            for (int i = 0; i < times; i++) {
                later(15_000, () -> {
                    scheduler.note("web", "has another", file.url());
                    int length = file.current().bytes().length;
                    file.become(dice.chance(0.8) ? bytes(content, length) : bytes(content), scheduler.millis());
                });
            }
        }
        if (dice.chance(0.15)) {
            later(10_000, () -> {
                scheduler.note("web", "is in trouble with", file.url());
                file.failUntil(scheduler.millis() + dice.skewed(500, 30_000));
            });
        }
        if (dice.chance(0.04)) {
            later(10_000, file::refuse);
        }
        if (dice.chance(0.2)) {
            file.cut(dice.between(1, 10) / 100.0);
        }
    }

    private byte[] bytes(Content content) {
        int segment = scenario.segmentBytes();
        return bytes(content, segment * (dice.skewed(1, 20) - 1) + dice.between(1, segment));
    }

    private byte[] bytes(Content content, int length) {
        int segment = scenario.segmentBytes();
        byte[] bytes = dice.bytes(length);
        for (int i = 1; i * segment < length; i++) {
            if (dice.chance(0.25)) {
                Arrays.fill(bytes, i * segment, Math.min(length, (i + 1) * segment), (byte) 0);
            }
        }
        return content.of(bytes);
    }

    /** What became of the images. */
    void count(Counts into) {
        for (Truth.Image image : truth.images()) {
            if (image.deleted()) {
                into.deleted++;
            } else {
                boolean ready = api.get(image.uid())
                        .filter(object ->
                                object.status() != null && object.status().phase() == Phase.READY)
                        .isPresent();
                into.ready += ready ? 1 : 0;
                into.failed += ready ? 0 : 1;
            }
        }
    }
}
