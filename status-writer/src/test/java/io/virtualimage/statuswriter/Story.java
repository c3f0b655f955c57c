package io.virtualimage.statuswriter;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.stage.fold.Plan;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.StatusChanged;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.TaskId;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.Validator;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells the fold events at given times, the way its host does (each state goes through JSON), and writes down each status
 * that it says: one line, with the seconds since the beginning. That nobody uses the image is left out.
 */
final class Story {
    static final Instant BEGIN = Instant.parse("2026-03-01T12:00:00Z");
    static final int SEGMENT = 1000;

    private final StatusFold fold = new StatusFold();
    private final List<String> lines = new ArrayList<>();
    private final List<StatusChanged> said = new ArrayList<>();
    private @Nullable StatusState state;
    private Instant now = BEGIN;
    private long offset;
    private boolean echo = true;

    /** What the fold says does not come back from its topic. */
    Story withoutEcho() {
        echo = false;
        return this;
    }

    /** Where the next event will stand. */
    long offset() {
        return offset;
    }

    /** What is told next stands where something was read before. */
    Story rereadFrom(long earlier) {
        offset = earlier;
        return this;
    }

    Story at(String seconds) {
        Instant until = BEGIN.plusMillis(Math.round(Double.parseDouble(seconds) * 1000));
        // The host looks at every image twice a second.
        while (now.plusMillis(500).isBefore(until)) {
            now = now.plusMillis(500);
            plan();
        }
        now = until;
        plan();
        return this;
    }

    Story tell(Event... events) {
        for (Event event : events) {
            merge(event);
            plan();
        }
        return this;
    }

    private void merge(Event event) {
        Topic topic = Topic.of(event);
        state = fold.merge(state, new Recorded(event, topic, new Position(0, offset++), now));
    }

    private void plan() {
        if (state == null) {
            return;
        }
        Plan<StatusState> plan = fold.plan(state, new PlanContext(now, 1));
        byte[] json = EventCodec.mapper().writeValueAsBytes(plan.state());
        state = EventCodec.mapper().readValue(json, StatusState.class);
        for (Event event : plan.emit()) {
            StatusChanged change = (StatusChanged) event;
            said.add(change);
            lines.add("%s  %s".formatted(seconds(now), line(change)));
            if (echo) {
                merge(change);
            }
        }
    }

    String text() {
        return lines.stream().collect(Collectors.joining("\n", "", "\n"));
    }

    /** The progress of each status; empty where there is none. */
    List<String> progress() {
        return said.stream()
                .map(change -> Objects.requireNonNullElse(change.status().progress(), ""))
                .toList();
    }

    ImageStatus last() {
        return said.getLast().status();
    }

    /** One of the conditions of the status said last. */
    ImageStatus.Condition condition(ConditionType type) {
        return last().conditions().stream()
                .filter(condition -> condition.type().equals(type.wire()))
                .findFirst()
                .orElseThrow();
    }

    /** What users were notified of by the status said last, in order; with the number of what may happen again. */
    List<String> notices() {
        return last().notices().stream()
                .map(notice -> notice.reason() + (notice.number() == null ? "" : "#" + notice.number()))
                .toList();
    }

    /** Every Event that Kubernetes would have got, in order. */
    List<String> events() {
        return said.stream()
                .flatMap(change -> change.status().notices().stream()
                        .map(notice -> ImageNotice.of(change.image(), "1", notice, BEGIN)))
                .map(notice -> notice.notice().reason() + " " + notice.name())
                .distinct()
                .map(event -> event.substring(0, event.indexOf(' ')))
                .toList();
    }

    /** All that was said. */
    List<StatusChanged> said() {
        return said;
    }

    StatusState state() {
        if (state == null) {
            throw new IllegalStateException("nothing was told");
        }
        return state;
    }

    private static String line(StatusChanged change) {
        ImageStatus status = change.status();
        List<String> words = new ArrayList<>();
        words.add(change.image().version());
        words.add(status.phase().name());
        words.add(status.progress() == null ? "-" : status.progress());
        if (status.uploadable() != null) {
            words.add("uploadable");
        }
        if (status.format() != null) {
            words.add(status.format().wireName());
        }
        if (status.cdrom()) {
            words.add("cdrom");
        }
        if (status.size() != null) {
            words.add("size=%d/%d"
                    .formatted(status.size().storedBytes(), status.size().unpackedBytes()));
        }
        if (status.downloadSpeed() != null) {
            Long current = status.downloadSpeed().currentBytes();
            words.add("speed=" + status.downloadSpeed().avgBytes() + (current == null ? "" : "/" + current));
        }
        if (status.registryUrl() != null) {
            words.add("url=" + status.registryUrl());
        }
        for (ImageStatus.Condition condition : status.conditions()) {
            if (condition.reason().equals(ConditionReason.NOT_IN_USE.wire())) {
                continue;
            }
            words.add("%s=%s:%s@%s"
                    .formatted(
                            condition.type(),
                            condition.status() ? "True" : "False",
                            condition.reason(),
                            seconds(condition.lastTransitionTime())));
        }
        if (!status.notices().isEmpty()) {
            words.add(status.notices().stream()
                    .map(ImageStatus.Notice::reason)
                    .collect(Collectors.joining(",", "told=", "")));
        }
        return String.join(" ", words);
    }

    private static String seconds(Instant time) {
        return String.format(Locale.ROOT, "%.1f", Duration.between(BEGIN, time).toMillis() / 1000.0);
    }

    // ---- events

    static Incarnation image(long generation, long run) {
        return new Incarnation("ns", "disk", "u1", generation, run);
    }

    static Event requested(Incarnation image) {
        return requested(image, new DataSource.Http("https://example.com/disk.qcow2", false, Checksums.NONE));
    }

    static Event requested(Incarnation image, DataSource source) {
        return new Event.ImageRequested(image, source, Storage.CONTAINER_REGISTRY, null, null, null);
    }

    static Event used(Incarnation image, boolean deletionAsked, String... machines) {
        ImageUse use = machines.length == 0 ? null : new ImageUse(List.of(machines), deletionAsked);
        DataSource source = new DataSource.Http("https://example.com/disk.qcow2", false, Checksums.NONE);
        return new Event.ImageRequested(image, source, Storage.CONTAINER_REGISTRY, null, null, null, use, null);
    }

    static Event lost(Incarnation image) {
        return new Event.ImageLost(
                image, (Event.ImagePublished) published(image), "The tag %s is gone.".formatted(image.publicName()));
    }

    /** An upload of two segments. */
    static Event upload(Incarnation image, int epoch, String session, int fromIndex) {
        return new Event.UploadOpened(image, epoch, session, fromIndex, SEGMENT, 2L * SEGMENT, "disk.img", "fetcher-1");
    }

    static Event uploaded(Incarnation image, String session, int index) {
        return new Event.SegmentFetched(
                image, 0, session, index, SEGMENT, 0, SegmentSet.EMPTY, false, null, "fetcher-1");
    }

    static Event blocked(Incarnation image, String condition, String reason) {
        return new Event.ImageBlocked(image, condition, reason, "Something is not there.", null);
    }

    static Event heartbeat(Incarnation image) {
        return new Event.TaskHeartbeat(image, new TaskId("ProbeSource/0"), 1, "fetcher-1", 0);
    }

    static Event opened(Incarnation image, int epoch, @Nullable Long length) {
        return new Event.SourceOpened(
                image,
                epoch,
                length,
                SEGMENT,
                new Validator(Validator.Kind.ETAG, "\"1\""),
                length != null,
                "disk.qcow2",
                null);
    }

    static Event segment(Incarnation image, int epoch, int index) {
        return new Event.SegmentFetched(
                image, epoch, null, index, SEGMENT, 0, SegmentSet.EMPTY, false, null, "fetcher-1");
    }

    static Event[] segments(Incarnation image, int epoch, int from, int to) {
        Event[] events = new Event[to - from];
        for (int i = from; i < to; i++) {
            events[i - from] = segment(image, epoch, i);
        }
        return events;
    }

    static Event deferred(Incarnation image, String message) {
        return new Event.TaskDeferred(
                image,
                new TaskId("FetchRange/0/1"),
                1,
                Event.TaskDeferred.Deferral.SOURCE,
                FailureReason.SOURCE_UNAVAILABLE,
                message,
                BEGIN,
                "fetcher-1");
    }

    static Event inspected(Incarnation image, int epoch, ImageFormat format, boolean cdrom) {
        return new Event.DiskInspected(
                image,
                epoch,
                format,
                64_000,
                cdrom,
                new DiskOutput(DiskOutput.Layout.PASS_THROUGH, format, "disk.img"));
    }

    static Event pushed(Incarnation image, int epoch, long done, long total) {
        return new Event.StageProgressed(image, epoch, Stage.PUBLISH, done, total);
    }

    static Event published(Incarnation image) {
        return new Event.ImagePublished(
                image,
                0,
                "r/vi/ns/disk:" + image.publicName(),
                "sha256:m",
                "sha256:l",
                10_000,
                ImageFormat.QCOW2,
                false,
                10_000,
                64_000,
                null);
    }

    static Event failed(Incarnation image, FailureReason reason, String message) {
        return new Event.StageFailed(image, Stage.FETCH, reason, message);
    }
}
