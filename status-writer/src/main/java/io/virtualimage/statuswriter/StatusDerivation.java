package io.virtualimage.statuswriter;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.DiskInspected;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImageLost;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.ImageStatus.Phase;
import io.virtualimage.topics.ImageStatus.Size;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Storage;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The status that follows from what is known. A pure function of the state; the time only dates what changes now. */
final class StatusDerivation {
    private final StatusState state;
    private final ImageFacts facts;
    private final @Nullable ImageStatus before;
    private final Conditions conditions;
    private final Notices notices;

    private StatusDerivation(StatusState state, Instant now) {
        this.state = state;
        this.facts = state.facts();
        this.before = state.status();
        this.conditions = new Conditions(before, now);
        this.notices = new Notices(before, now);
    }

    static ImageStatus derive(StatusState state, Instant now) {
        return new StatusDerivation(state, now).derive();
    }

    private ImageStatus derive() {
        if (state.left() != null) {
            notices.tell(NoticeReason.CLEANUP_INCOMPLETE, state.left());
        }
        if (facts.withdrawn()) {
            return removed();
        }
        ImageUse use = use();
        addUse(use);
        tellRespecified();
        ImageStatus standing = standing();
        return use != null && use.deletionAsked() ? leaving(standing, Wording.waitsFor(use.machines())) : standing;
    }

    /**
     * The status as it was in a phase that has passed unseen, because what was said came all at once.
     *
     * @throws IllegalArgumentException if nobody passes through that phase
     */
    static ImageStatus passing(StatusState state, Phase phase, Instant now) {
        return new StatusDerivation(state, now).passing(phase);
    }

    private ImageStatus passing(Phase phase) {
        addUse(use());
        tellRespecified();
        addDependencies();
        return switch (phase) {
            case PENDING -> notBegun();
            case WAIT_FOR_USER_UPLOAD -> awaitingUpload();
            case PROVISIONING -> provisioning();
            case READY -> ready(Objects.requireNonNull(facts.published()));
            case FAILED, TERMINATING, IMAGE_LOST, PVC_LOST ->
                throw new IllegalArgumentException(phase + " is where a way ends");
        };
    }

    private @Nullable ImageUse use() {
        return facts.request() == null ? null : facts.request().use();
    }

    private void tellRespecified() {
        if (state.respecified()) {
            notices.tell(NoticeReason.SPEC_CHANGED, "The spec was changed: the import starts over.");
        }
    }

    private void addUse(@Nullable ImageUse use) {
        if (use == null) {
            conditions.set(ConditionType.IN_USE, false, ConditionReason.NOT_IN_USE, "");
        } else {
            conditions.set(
                    ConditionType.IN_USE,
                    true,
                    ConditionReason.ATTACHED_TO_VIRTUAL_MACHINE,
                    Wording.usedBy(use.machines()));
        }
    }

    /** What was known stays: the facts of the incarnation that ends were dropped when it was withdrawn. */
    private ImageStatus removed() {
        conditions.keep(ConditionType.DATASOURCE_READY);
        conditions.keep(ConditionType.STORAGE_CLASS_READY);
        conditions.keep(ConditionType.READY);
        addUse(null);
        ImageStatus known = before == null ? unpublished(Phase.TERMINATING, null, false, null, null, null) : before;
        return leaving(known, "What was published and staged of the image is being removed.");
    }

    /** The image's deletion was asked for. Nothing else of what is said of it changes by that. */
    private ImageStatus leaving(ImageStatus standing, String message) {
        conditions.set(ConditionType.TERMINATING, true, ConditionReason.CLEANUP_PENDING, message);
        ImageStatus.DownloadSpeed speed = standing.downloadSpeed();
        return new ImageStatus(
                Phase.TERMINATING,
                standing.progress(),
                standing.cdrom(),
                standing.format(),
                standing.size(),
                speed == null ? null : new ImageStatus.DownloadSpeed(speed.avgBytes(), null),
                standing.registryUrl(),
                standing.claim(),
                null,
                standing.sourceUid(),
                standing.storageClass(),
                conditions.list(),
                notices.list());
    }

    /** Whether the image is there, failed, or on its way. */
    private ImageStatus standing() {
        ImagePublished published = facts.published();
        if (published != null) {
            return facts.lost() == null ? ready(published) : lost(facts.lost());
        }
        StageFailed failed = facts.failed();
        if (failed != null) {
            return failed(failed);
        }
        return facts.request() instanceof ImageBlocked blocked ? blocked(blocked) : underWay();
    }

    private ImageStatus ready(ImagePublished published) {
        addDependencies();
        String claim = published.claim();
        conditions.set(
                ConditionType.READY,
                true,
                ConditionReason.READY,
                claim == null
                        ? "The image is in the registry."
                        : "The image is on the PersistentVolumeClaim %s.".formatted(claim));
        tellBegun();
        notices.tell(NoticeReason.IMPORT_COMPLETED, "The image can be used.");
        Long returned = state.occasions().returned();
        if (returned != null) {
            notices.tell(NoticeReason.LOST_RECOVERED, "The image is there again, and can be used.", returned);
        }
        return published(Phase.READY, published);
    }

    private ImageStatus lost(ImageLost loss) {
        addDependencies();
        boolean onClaim = loss.published().claim() != null;
        conditions.set(
                ConditionType.READY,
                false,
                onClaim ? ConditionReason.PVC_LOST : ConditionReason.IMAGE_LOST,
                loss.message());
        return published(onClaim ? Phase.PVC_LOST : Phase.IMAGE_LOST, loss.published());
    }

    private ImageStatus failed(StageFailed failed) {
        String message = Wording.failed(failed);
        addDependencies();
        conditions.set(ConditionType.READY, false, FailureReading.conditionReason(source(), failed.reason()), message);
        if (state.started() || failed.reason() != FailureReason.UPLOAD_TIMEOUT) {
            tellBegun();
        }
        notices.tell(
                isForClaim() && failed.stage() == Stage.PUBLISH
                        ? NoticeReason.DISK_PROVISIONING_FAILED
                        : NoticeReason.IMPORT_FAILED,
                message);
        return begun(Phase.FAILED);
    }

    /** Whoever says what is missing looks at the source first: where the class is missing, the source isn't. */
    private ImageStatus blocked(ImageBlocked blocked) {
        ConditionReason said = ConditionReason.parse(blocked.reason());
        // Null is what only a later version knows.
        ConditionReason reason = said == null ? ConditionReason.PROVISIONING_NOT_STARTED : said;
        String message = blocked.message();
        if (speaksOf(ConditionType.DATASOURCE_READY, blocked, reason)) {
            conditions.set(ConditionType.DATASOURCE_READY, false, reason, message);
            conditions.set(ConditionType.READY, false, ConditionReason.DATASOURCE_NOT_READY, message);
        } else if (speaksOf(ConditionType.STORAGE_CLASS_READY, blocked, reason)) {
            conditions.set(ConditionType.DATASOURCE_READY, true, ConditionReason.DATASOURCE_READY, "");
            conditions.set(ConditionType.STORAGE_CLASS_READY, false, reason, message);
            conditions.set(ConditionType.READY, false, ConditionReason.STORAGE_CLASS_NOT_READY, message);
        } else {
            boolean known = speaksOf(ConditionType.READY, blocked, reason);
            conditions.set(
                    ConditionType.READY, false, known ? reason : ConditionReason.PROVISIONING_NOT_STARTED, message);
        }
        if (reason == ConditionReason.STORAGE_CLASS_NOT_FOUND) {
            notices.tell(
                    NoticeReason.STORAGE_CLASS_NOT_FOUND,
                    message,
                    state.occasions().classMissed());
        }
        return unpublished(Phase.PENDING, null, false, null, null, null);
    }

    private static boolean speaksOf(ConditionType type, ImageBlocked blocked, ConditionReason reason) {
        return blocked.condition().equals(type.wire()) && type.reasons(false).contains(reason);
    }

    private ImageStatus underWay() {
        addDependencies();
        boolean nobodyYet = facts.source().opened() == null && facts.source().epoch() == 0 && state.permille() == null;
        if (isUpload() && nobodyYet) {
            return awaitingUpload();
        }
        if (!state.started()) {
            return notBegun();
        }
        String quota = state.overQuota();
        if (quota != null) {
            tellBegun();
            String message = "There is no room for the image's volume, and it begins by itself when there is: " + quota;
            conditions.set(ConditionType.READY, false, ConditionReason.QUOTA_EXCEEDED, message);
            notices.tell(NoticeReason.QUOTA_EXCEEDED, message, state.occasions().quotaHit());
            return begun(Phase.PENDING);
        }
        return provisioning();
    }

    private ImageStatus notBegun() {
        conditions.set(
                ConditionType.READY, false, ConditionReason.PROVISIONING_NOT_STARTED, "The import waits for its turn.");
        return unpublished(Phase.PENDING, null, false, null, null, null);
    }

    private ImageStatus awaitingUpload() {
        conditions.set(
                ConditionType.READY,
                false,
                ConditionReason.WAIT_FOR_USER_UPLOAD,
                facts.source().expired()
                        ? "Nobody uploaded in time."
                        : "The file is to be sent to one of the addresses in status.imageUploadURLs: curl -T FILE ADDRESS");
        return unpublished(Phase.WAIT_FOR_USER_UPLOAD, null, false, null, null, null);
    }

    private ImageStatus provisioning() {
        tellBegun();
        conditions.set(ConditionType.READY, false, ConditionReason.PROVISIONING, Wording.doing(facts));
        return begun(Phase.PROVISIONING);
    }

    private void tellBegun() {
        notices.tell(NoticeReason.IMPORT_STARTED, Wording.begun(source()));
    }

    /** Everything that the image depends on is there. */
    private void addDependencies() {
        conditions.set(ConditionType.DATASOURCE_READY, true, ConditionReason.DATASOURCE_READY, "");
        if (isForClaim()) {
            conditions.set(ConditionType.STORAGE_CLASS_READY, true, ConditionReason.STORAGE_CLASS_READY, "");
        }
    }

    // ---- shapes

    /** A status of what was published, whatever became of that. */
    private ImageStatus published(Phase phase, ImagePublished published) {
        return new ImageStatus(
                phase,
                "100%",
                published.cdrom(),
                published.format(),
                new Size(published.storedBytes(), published.unpackedBytes()),
                state.speed().reading(false),
                published.registryUrl(),
                published.claim(),
                null,
                sourceUid(),
                storageClass(),
                conditions.list(),
                notices.list());
    }

    /** A status of what was begun and is not published. */
    private ImageStatus begun(Phase phase) {
        DiskInspected disk = facts.currentDisk();
        Long length = facts.source().staged().lengthBytes();
        Integer permille = state.permille();
        boolean coming = phase == Phase.PROVISIONING
                && facts.sourceTrouble() == null
                && !facts.source().staged().complete();
        return unpublished(
                phase,
                permille == null ? null : Progress.text(permille),
                disk != null && disk.cdrom(),
                disk == null ? null : disk.format(),
                disk == null || length == null ? null : new Size(length, disk.virtualSizeBytes()),
                state.speed().reading(coming));
    }

    /** A status of what is not published. */
    private ImageStatus unpublished(
            Phase phase,
            @Nullable String progress,
            boolean cdrom,
            @Nullable ImageFormat format,
            @Nullable Size size,
            ImageStatus.@Nullable DownloadSpeed speed) {
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
                conditions.list(),
                notices.list());
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

    private boolean isForClaim() {
        ImageRequested wanted = requested();
        return wanted != null && wanted.storage() == Storage.PERSISTENT_VOLUME_CLAIM;
    }

    private boolean isUpload() {
        return source() instanceof DataSource.Upload;
    }

    private @Nullable DataSource source() {
        ImageRequested wanted = requested();
        return wanted == null ? null : wanted.source();
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
}
