package io.virtualimage.statuswriter;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.DiskInspected;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.ImageStatus.Condition;
import io.virtualimage.topics.ImageStatus.Notice;
import io.virtualimage.topics.ImageStatus.Phase;
import io.virtualimage.topics.ImageStatus.Size;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.UploadLease;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The status that follows from what is known. A pure function of the state; the time only dates what changes now. */
final class StatusDerivation {
    private final StatusState state;
    private final ImageFacts facts;
    private final @Nullable ImageStatus before;
    private final Instant now;
    private final List<Condition> conditions = new ArrayList<>();

    private StatusDerivation(StatusState state, Instant now) {
        this.state = state;
        this.facts = state.facts();
        this.before = state.status();
        this.now = now;
    }

    static ImageStatus derive(StatusState state, Instant now) {
        return new StatusDerivation(state, now).derive();
    }

    private ImageStatus derive() {
        if (facts.withdrawn()) {
            return terminating();
        }
        ImagePublished published = facts.published();
        if (published != null) {
            return ready(published);
        }
        StageFailed failed = facts.failed();
        if (failed != null) {
            return failed(failed);
        }
        return facts.request() instanceof ImageBlocked blocked ? blocked(blocked) : underWay();
    }

    /** What was known stays: the facts of the incarnation that ends were dropped when it was withdrawn. */
    private ImageStatus terminating() {
        if (before != null) {
            before.conditions().stream()
                    .filter(condition -> !condition.type().equals(ConditionType.TERMINATING.wire()))
                    .forEach(conditions::add);
        }
        add(
                ConditionType.TERMINATING,
                true,
                ConditionReason.CLEANUP_PENDING.wire(),
                "What was published and staged of the image is being removed.");
        if (before == null) {
            return status(Phase.TERMINATING, null, false, null, null, null, List.of());
        }
        return new ImageStatus(
                Phase.TERMINATING,
                before.progress(),
                before.cdrom(),
                before.format(),
                before.size(),
                before.downloadSpeed() == null ? null : averageOnly(before.downloadSpeed()),
                before.registryUrl(),
                before.claim(),
                null,
                before.sourceUid(),
                before.storageClass(),
                conditions,
                List.of());
    }

    private ImageStatus ready(ImagePublished published) {
        addDependencies();
        String claim = published.claim();
        add(
                ConditionType.READY,
                true,
                ConditionReason.READY.wire(),
                claim == null
                        ? "The image is in the registry."
                        : "The image is on the PersistentVolumeClaim %s.".formatted(claim));
        return new ImageStatus(
                Phase.READY,
                "100%",
                published.cdrom(),
                published.format(),
                new Size(published.storedBytes(), published.unpackedBytes()),
                state.speed().reading(false),
                published.registryUrl(),
                claim,
                null,
                sourceUid(),
                storageClass(),
                conditions,
                notices(started(), new Notice(false, "DataSourceImportCompleted", "The image can be used.")));
    }

    private ImageStatus failed(StageFailed failed) {
        String message = "%s failed: %s".formatted(title(failed), failed.message());
        addDependencies();
        add(ConditionType.READY, false, failure().wire(), message);
        String reason = isForClaim() && failed.stage() == Stage.PUBLISH
                ? "DataSourceImportDiskProvisioningFailed"
                : "DataSourceImportFailed";
        return unpublished(Phase.FAILED, false, notices(started(), new Notice(true, reason, message)));
    }

    private ImageStatus blocked(ImageBlocked blocked) {
        if (blocked.condition().equals(ConditionType.DATASOURCE_READY.wire())) {
            add(ConditionType.DATASOURCE_READY, false, blocked.reason(), blocked.message());
            add(ConditionType.READY, false, ConditionReason.DATASOURCE_NOT_READY.wire(), blocked.message());
        } else if (blocked.condition().equals(ConditionType.STORAGE_CLASS_READY.wire())) {
            add(ConditionType.STORAGE_CLASS_READY, false, blocked.reason(), blocked.message());
            add(ConditionType.READY, false, ConditionReason.STORAGE_CLASS_NOT_READY.wire(), blocked.message());
        } else {
            add(ConditionType.READY, false, blocked.reason(), blocked.message());
        }
        Notice[] due = blocked.reason().equals(ConditionReason.STORAGE_CLASS_NOT_FOUND.wire())
                ? new Notice[] {new Notice(true, "VirtualImageStorageClassNotFound", blocked.message())}
                : new Notice[] {};
        return status(Phase.PENDING, null, false, null, null, null, notices(due));
    }

    private ImageStatus underWay() {
        addDependencies();
        if (isUpload() && facts.source().opened() == null && state.permille() == null && seenPending()) {
            add(
                    ConditionType.READY,
                    false,
                    ConditionReason.WAIT_FOR_USER_UPLOAD.wire(),
                    facts.source().expired()
                            ? "Nobody uploaded in time."
                            : "The file is to be sent to one of the addresses in status.imageUploadURLs: curl -T FILE ADDRESS");
            return status(Phase.WAIT_FOR_USER_UPLOAD, null, false, null, null, null, notices());
        }
        if (!state.started()) {
            add(
                    ConditionType.READY,
                    false,
                    ConditionReason.PROVISIONING_NOT_STARTED.wire(),
                    "The import waits for its turn.");
            return status(Phase.PENDING, null, false, null, null, null, notices());
        }
        String quota = state.overQuota();
        if (quota != null) {
            String message = "There is no room for the image's volume, and it begins by itself when there is: " + quota;
            add(ConditionType.READY, false, ConditionReason.QUOTA_EXCEEDED.wire(), message);
            return unpublished(
                    Phase.PENDING, true, notices(started(), new Notice(true, "DataSourceQuotaExceed", message)));
        }
        add(ConditionType.READY, false, ConditionReason.PROVISIONING.wire(), doing());
        return unpublished(Phase.PROVISIONING, true, notices(started()));
    }

    private ImageStatus unpublished(Phase phase, boolean fetching, List<Notice> notices) {
        DiskInspected disk = facts.currentDisk();
        Long length = facts.source().staged().lengthBytes();
        Integer permille = state.permille();
        boolean coming = fetching
                && facts.sourceTrouble() == null
                && !facts.source().staged().complete();
        return status(
                phase,
                permille == null ? null : Progress.text(permille),
                disk != null && disk.cdrom(),
                disk == null ? null : disk.format(),
                disk == null || length == null ? null : new Size(length, disk.virtualSizeBytes()),
                state.speed().reading(coming),
                notices);
    }

    /** A status of what is not published. */
    private ImageStatus status(
            Phase phase,
            @Nullable String progress,
            boolean cdrom,
            @Nullable ImageFormat format,
            @Nullable Size size,
            ImageStatus.@Nullable DownloadSpeed speed,
            List<Notice> notices) {
        return new ImageStatus(
                phase,
                progress,
                cdrom,
                format,
                size,
                speed,
                null,
                null,
                uploadable(phase) ? Boolean.TRUE : null,
                sourceUid(),
                storageClass(),
                conditions,
                notices);
    }

    /** As long as somebody may still upload, or go on with it. */
    private boolean uploadable(Phase phase) {
        return switch (phase) {
            case WAIT_FOR_USER_UPLOAD, PROVISIONING ->
                isUpload()
                        && !facts.source().expired()
                        && !facts.source().staged().complete();
            case PENDING, READY, FAILED, TERMINATING, IMAGE_LOST, PVC_LOST -> false;
        };
    }

    /** Whether this version was shown as Pending: every image is, at first. */
    private boolean seenPending() {
        StatusState.Said said = state.said();
        return said != null && said.image().equals(facts.image());
    }

    /** Everything that the image depends on is there. */
    private void addDependencies() {
        add(ConditionType.DATASOURCE_READY, true, ConditionReason.DATASOURCE_READY.wire(), "");
        if (isForClaim()) {
            add(ConditionType.STORAGE_CLASS_READY, true, ConditionReason.STORAGE_CLASS_READY.wire(), "");
        }
    }

    private boolean isForClaim() {
        ImageRequested wanted = requested();
        return wanted != null && wanted.storage() == Storage.PERSISTENT_VOLUME_CLAIM;
    }

    private boolean isUpload() {
        ImageRequested wanted = requested();
        return wanted != null && wanted.source() instanceof DataSource.Upload;
    }

    private @Nullable ImageRequested requested() {
        return facts.request() instanceof ImageRequested wanted ? wanted : null;
    }

    private @Nullable String sourceUid() {
        ImageRequested wanted = requested();
        return wanted == null ? null : wanted.sourceUid();
    }

    private @Nullable String storageClass() {
        ImageRequested wanted = requested();
        return wanted == null ? null : wanted.storageClass();
    }

    private String doing() {
        if (facts.source().staged().complete()) {
            return facts.source().completed()
                    ? "The image is being published."
                    : "The source's checksums are being verified.";
        }
        UploadLease upload = facts.source().staged().upload();
        if (upload != null) {
            return upload.open()
                    ? "The file is being uploaded."
                    : "The upload broke off after %d bytes, and can go on from there: curl -C %<d -T FILE ADDRESS"
                            .formatted(facts.source().staged().presentBytes());
        }
        if (isUpload()) {
            return "What was uploaded is lost: it has to be uploaded once more.";
        }
        ImageFacts.Trouble trouble = facts.sourceTrouble();
        if (trouble != null) {
            return "The source gives nothing at present, and is asked again: " + trouble.message();
        }
        return facts.source().opened() == null
                ? "The source is being asked what it has."
                : "The source is being fetched.";
    }

    private static ImageStatus.DownloadSpeed averageOnly(ImageStatus.DownloadSpeed speed) {
        return new ImageStatus.DownloadSpeed(speed.avgBytes(), null);
    }

    private static String title(StageFailed failed) {
        return switch (failed.stage()) {
            case FETCH -> "Fetching the source";
            case CONVERT -> "Converting the image";
            case PUBLISH -> "Publishing the image";
        };
    }

    private ConditionReason failure() {
        ImageRequested wanted = requested();
        StageFailed failed = facts.failed();
        if (wanted == null || failed == null) {
            return ConditionReason.PROVISIONING_FAILED;
        }
        return switch (wanted.source()) {
            case DataSource.ContainerImage ignored -> containerImageFailure(failed.reason());
            case DataSource.Upload ignored ->
                failed.reason() == FailureReason.UPLOAD_TIMEOUT
                        ? ConditionReason.WAIT_FOR_USER_UPLOAD_TIMEOUT
                        : ConditionReason.PROVISIONING_FAILED;
            case DataSource.Http ignored -> ConditionReason.PROVISIONING_FAILED;
            case DataSource.PublishedImage ignored -> ConditionReason.PROVISIONING_FAILED;
            case DataSource.Volume ignored -> ConditionReason.PROVISIONING_FAILED;
        };
    }

    /** Whether the image could not be pulled, or was and is of no use. */
    private static ConditionReason containerImageFailure(FailureReason reason) {
        return switch (reason) {
            case SOURCE_UNAVAILABLE, SOURCE_REFUSED, SOURCE_TRUNCATED, SOURCE_EMPTY, SOURCE_CHANGING ->
                ConditionReason.IMAGE_PULL_FAILED;
            case UPLOAD_TIMEOUT,
                    CHECKSUM_MISMATCH,
                    NOT_AN_IMAGE,
                    IMAGE_MALFORMED,
                    IMAGE_UNSUPPORTED,
                    OVER_LIMIT,
                    QUOTA_EXCEEDED,
                    INTERNAL -> ConditionReason.PROVISIONING_FAILED;
        };
    }

    private Notice started() {
        String from = switch (facts.request()) {
            case ImageRequested requested ->
                switch (requested.source()) {
                    case DataSource.Http http -> " from " + http.url();
                    case DataSource.ContainerImage image -> " from the container image " + image.image();
                    case DataSource.Upload ignored -> " by an upload";
                    case DataSource.PublishedImage image ->
                        " from the %s %s".formatted(image.kind().wireName(), image.name());
                    case DataSource.Volume volume ->
                        " from the %s %s".formatted(volume.kind().wireName(), volume.name());
                };
            case ImageBlocked ignored -> "";
            case ImageWithdrawn ignored -> "";
            case null -> "";
        };
        return new Notice(false, "DataSourceImportStarted", "The import%s has begun.".formatted(from));
    }

    /** What users were notified of in this incarnation, and what they are to be now. Each reason once. */
    private List<Notice> notices(Notice... due) {
        List<Notice> notices = new ArrayList<>(before == null ? List.of() : before.notices());
        if (state.respecified()) {
            addNew(
                    notices,
                    new Notice(
                            false, "VirtualImageSpecHasBeenChanged", "The spec was changed: the import starts over."));
        }
        for (Notice notice : due) {
            addNew(notices, notice);
        }
        return notices;
    }

    private static void addNew(List<Notice> notices, Notice notice) {
        if (notices.stream().noneMatch(told -> told.reason().equals(notice.reason()))) {
            notices.add(notice);
        }
    }

    private void add(ConditionType type, boolean status, String reason, String message) {
        conditions.add(new Condition(type.wire(), status, reason, message, since(type, status, reason)));
    }

    /** Unchanged if status and reason are; else later than all before, whatever the clocks say. */
    private Instant since(ConditionType type, boolean status, String reason) {
        Instant since = now;
        for (Condition condition : before == null ? List.<Condition>of() : before.conditions()) {
            if (condition.type().equals(type.wire())
                    && condition.status() == status
                    && Objects.equals(condition.reason(), reason)) {
                return condition.lastTransitionTime();
            }
            if (condition.lastTransitionTime().isAfter(since)) {
                since = condition.lastTransitionTime();
            }
        }
        return since;
    }
}
