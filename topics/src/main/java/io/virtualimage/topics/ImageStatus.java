package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The status of a VirtualImage, as the pipeline's facts give it; field for field what {@code .status} has to say.
 *
 * @param progress as shown, for example {@code 28.2%}; null while nothing is known
 * @param cdrom false until it is known
 * @param registryUrl where it is in the registry; null if it isn't there
 * @param claim the claim that it is on; null if it is on none
 * @param uploadable whether the addresses to upload to are to be shown; what they are is no matter for a topic. Null
 *     stands for no
 * @param sourceUid UID of the object that it was made from
 * @param storageClass the class of its claim, where it is known
 * @param conditions in a fixed order
 */
public record ImageStatus(
        Phase phase,
        @Nullable String progress,
        boolean cdrom,
        @Nullable ImageFormat format,
        @Nullable Size size,
        @Nullable DownloadSpeed downloadSpeed,
        @Nullable String registryUrl,
        @Nullable String claim,
        @Nullable Boolean uploadable,
        @Nullable String sourceUid,
        @Nullable String storageClass,
        List<Condition> conditions,
        List<Notice> notices) {

    public ImageStatus {
        conditions = List.copyOf(conditions);
        notices = List.copyOf(notices);
    }

    /** When a condition changed last; long ago if there is none. */
    public Instant lastTransition() {
        return conditions.stream()
                .map(Condition::lastTransitionTime)
                .max(Instant::compareTo)
                .orElse(Instant.EPOCH);
    }

    /** The same, but that users were notified of nothing. */
    public ImageStatus withoutNotices() {
        return new ImageStatus(
                phase,
                progress,
                cdrom,
                format,
                size,
                downloadSpeed,
                registryUrl,
                claim,
                uploadable,
                sourceUid,
                storageClass,
                conditions,
                List.of());
    }

    /** {@code .status.phase}. */
    public enum Phase {
        @JsonProperty("Pending")
        PENDING,
        @JsonProperty("WaitForUserUpload")
        WAIT_FOR_USER_UPLOAD,
        @JsonProperty("Provisioning")
        PROVISIONING,
        @JsonProperty("Ready")
        READY,
        @JsonProperty("Failed")
        FAILED,
        @JsonProperty("Terminating")
        TERMINATING,
        @JsonProperty("ImageLost")
        IMAGE_LOST,
        @JsonProperty("PVCLost")
        PVC_LOST;

        /** Whether nothing moves from here without a new event from outside. */
        public boolean settled() {
            return switch (this) {
                case READY, FAILED, IMAGE_LOST, PVC_LOST -> true;
                case PENDING, WAIT_FOR_USER_UPLOAD, PROVISIONING, TERMINATING -> false;
            };
        }
    }

    /** Length of the source file, and the size that a guest sees. */
    public record Size(long storedBytes, long unpackedBytes) {}

    /** Bytes per second; {@code currentBytes} only while bytes are coming. */
    public record DownloadSpeed(long avgBytes, @Nullable Long currentBytes) {}

    /** One of {@code .status.conditions}. */
    public record Condition(String type, boolean status, String reason, String message, Instant lastTransitionTime) {}

    /**
     * A Kubernetes Event to be written once.
     *
     * @param number of what may happen more than once to an incarnation: which time it is, the later the greater. Null of
     *     what happens once
     * @param at when it happened; null if that is not on record
     */
    public record Notice(
            boolean warning,
            String reason,
            String message,
            @Nullable Long number,
            @Nullable Instant at) {
        /** Of what happens once, at a time that is not on record. */
        public Notice(boolean warning, String reason, String message) {
            this(warning, reason, message, null, null);
        }
    }
}
