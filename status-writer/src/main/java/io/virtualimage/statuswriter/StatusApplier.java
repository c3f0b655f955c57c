package io.virtualimage.statuswriter;

import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.stage.process.RecordHandler;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.statuswriter.ImageApi.ImageApiException;
import io.virtualimage.statuswriter.ImageApi.Outcome;
import io.virtualimage.topics.Event.StatusChanged;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Recorded;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings statuses to Kubernetes, in the order of {@code virtualimage.status}. Statuses that speak of another version of the
 * object than there is are dropped, for the right one is on its way; and so are those that come a second time, so that
 * nobody who watches sees an image go backwards.
 */
public final class StatusApplier implements RecordHandler {
    private static final Logger log = LoggerFactory.getLogger(StatusApplier.class);

    /** So often a status is judged anew because the object changed between reading and writing. */
    private static final int MAX_READS = 10;

    private static final int REMEMBERED_IMAGES = 10_000;
    private static final int REMEMBERED_NOTICES = 10_000;

    /** The API server forgets Events after this long; they are not to come back when old statuses are read again. */
    private static final Duration NOTICE_AGE = Duration.ofHours(1);

    private final ImageApi api;
    private final Pace pace;
    private final Clock clock;
    private final @Nullable UploadAddresses uploads;

    /** By UID. One that is forgotten is compared with what the resource says. */
    private final Map<String, StatusChanged> written = remembering(REMEMBERED_IMAGES);

    private final Set<String> noticed = Collections.newSetFromMap(remembering(REMEMBERED_NOTICES));

    public StatusApplier(ImageApi api, Pace pace, Clock clock) {
        this(api, pace, clock, null);
    }

    /** @param uploads where files are sent to; null if nothing is set up for that */
    StatusApplier(ImageApi api, Pace pace, Clock clock, @Nullable UploadAddresses uploads) {
        this.uploads = uploads;
        this.api = api;
        this.pace = pace;
        this.clock = clock;
    }

    /** @throws ImageApiException if Kubernetes could not be asked; nothing is lost if the record is handed in again */
    @Override
    public synchronized void handle(ViewRecord record) throws ImageApiException, InterruptedException {
        Recorded recorded = record.recorded();
        if (recorded == null) {
            return; // forgotten, and long gone
        }
        if (recorded.event() instanceof StatusChanged(Incarnation image, ImageStatus status)) {
            Optional<StandingImage> object = apply(image, status);
            // What is said of an image that goes may come when it is gone.
            if (object.isPresent() || status.phase() == ImageStatus.Phase.TERMINATING) {
                notify(image, status, object.map(StandingImage::resourceVersion).orElse(null), recorded.time());
            }
        }
    }

    /** The object that the status is about; empty if there is none any more. */
    private Optional<StandingImage> apply(Incarnation image, ImageStatus status)
            throws ImageApiException, InterruptedException {
        for (int reads = 0; reads < MAX_READS; reads++) {
            Optional<StandingImage> object = api.get(image.namespace(), image.name())
                    .filter(standing -> standing.uid().equals(image.uid()));
            if (object.isEmpty()) {
                return object;
            }
            StandingImage standing = object.get();
            Verdict verdict = Verdict.of(image, status, standing, written.get(image.uid()), uploads);
            switch (verdict) {
                case NOT_OURS, OLDER -> {
                    log(image, status, verdict.name(), "status dropped");
                    return object;
                }
                case WRITE -> {}
            }
            VirtualImageStatus shape = KubernetesStatus.of(image, status, uploads);
            if (!shape.equals(standing.status())) {
                pace.await();
                // Only over what was judged: this process may have been paused since.
                Outcome outcome = api.applyStatus(
                        image.namespace(), image.name(), image.uid(), standing.resourceVersion(), shape);
                switch (outcome) {
                    case CONFLICT -> {
                        continue;
                    }
                    case GONE -> {
                        return Optional.empty();
                    }
                    case REFUSED ->
                        log.atError()
                                .addKeyValue("image", image.subject())
                                .addKeyValue("uid", image.uid())
                                .addKeyValue("generation", image.generation())
                                .log("status refused by the API server");
                    case DONE -> log(image, status, "", "status written");
                }
            }
            written.put(image.uid(), new StatusChanged(image, status));
            return object;
        }
        throw new ImageApiException(
                "status of %s could not be written: the object changed each of %d times that it was read"
                        .formatted(image.subject(), MAX_READS),
                new IllegalStateException("conflict"));
    }

    /**
     * Writes the Events that are due. A status repeats what users were notified of before.
     *
     * @param said when the status was said
     */
    private void notify(Incarnation image, ImageStatus status, @Nullable String resourceVersion, Instant said)
            throws ImageApiException, InterruptedException {
        for (ImageStatus.Notice each : status.notices()) {
            Instant at = Objects.requireNonNullElse(each.at(), said);
            ImageNotice notice = ImageNotice.of(image, resourceVersion, each, at);
            String identity = image.namespace() + "/" + notice.name();
            if (!noticed.contains(identity) && at.plus(NOTICE_AGE).isAfter(clock.instant())) {
                pace.await();
                Outcome outcome = api.createEvent(notice);
                if (outcome == Outcome.REFUSED) {
                    log(image, status, each.reason(), "notice refused by the API server");
                }
                noticed.add(identity);
            }
        }
    }

    private static <V> Map<String, V> remembering(int most) {
        return new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.@Nullable Entry<String, V> eldest) {
                return size() > most;
            }
        };
    }

    private static void log(Incarnation image, ImageStatus status, String detail, String message) {
        log.atDebug()
                .addKeyValue("image", image.subject())
                .addKeyValue("uid", image.uid())
                .addKeyValue("generation", image.generation())
                .addKeyValue("run", image.run())
                .addKeyValue("phase", status.phase())
                .addKeyValue("detail", detail)
                .log(message);
    }
}
