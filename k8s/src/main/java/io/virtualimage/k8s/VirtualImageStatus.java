package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a user is told. A field that is null is left out.
 *
 * @param observedGeneration the generation that the rest speaks of
 * @param progress empty while it can't be told, else like {@code 28.2%}
 * @param cdrom whether machines are to attach the image as a CD-ROM
 * @param sourceUID UID of the object that an {@code ObjectRef} pointed at
 * @param conditions see {@link ConditionType}; at most one of each type
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record VirtualImageStatus(
        @Nullable Long observedGeneration,
        @Nullable Phase phase,
        @Nullable String progress,
        @Nullable Boolean cdrom,
        @Nullable String format,
        @Nullable Size size,
        @Nullable DownloadSpeed downloadSpeed,
        @Nullable Target target,
        @Nullable UploadUrls imageUploadURLs,
        @Nullable String sourceUID,
        @Nullable String storageClassName,

        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Condition> conditions) {

    @SuppressWarnings("RedundantNullCheck") // Jackson passes null for an absent list
    public VirtualImageStatus {
        conditions = conditions == null ? List.of() : List.copyOf(conditions);
    }

    /** A status that tells nothing but the phase. */
    public static VirtualImageStatus of(Phase phase) {
        return new VirtualImageStatus(null, phase, null, null, null, null, null, null, null, null, null, List.of());
    }

    public Optional<Condition> condition(ConditionType type) {
        return conditions.stream()
                .filter(condition -> type.wire().equals(condition.getType()))
                .findFirst();
    }

    /** Sizes that were found, in bytes (decimal) and for people. Null where not known yet. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Size(
            @Nullable String stored,
            @Nullable String storedBytes,
            @Nullable String unpacked,
            @Nullable String unpackedBytes) {

        /**
         * Both spellings of both sizes.
         *
         * @param storedBytes length of the source's file, or null
         * @param unpackedBytes size of the disk that a machine sees, or null
         */
        public static Size of(@Nullable Long storedBytes, @Nullable Long unpackedBytes) {
            return new Size(
                    storedBytes == null ? null : HumanSize.format(storedBytes),
                    storedBytes == null ? null : Long.toString(storedBytes),
                    unpackedBytes == null ? null : HumanSize.format(unpackedBytes),
                    unpackedBytes == null ? null : Long.toString(unpackedBytes));
        }
    }

    /** How quickly the source gives its bytes. After {@link Phase#PROVISIONING} only the averages stay. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record DownloadSpeed(
            @Nullable String avg,
            @Nullable String avgBytes,
            @Nullable String current,
            @Nullable String currentBytes) {

        /**
         * Both spellings of both speeds.
         *
         * @param avgBytesPerSecond since the import began
         * @param currentBytesPerSecond of late; null once the import is over
         */
        public static DownloadSpeed of(long avgBytesPerSecond, @Nullable Long currentBytesPerSecond) {
            return new DownloadSpeed(
                    HumanSize.format(avgBytesPerSecond) + "/s",
                    Long.toString(avgBytesPerSecond),
                    currentBytesPerSecond == null ? null : HumanSize.format(currentBytesPerSecond) + "/s",
                    currentBytesPerSecond == null ? null : Long.toString(currentBytesPerSecond));
        }
    }

    /** Where the image is kept: one of the two is set. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Target(
            @Nullable String registryURL, @Nullable String persistentVolumeClaimName) {}

    /** Where a file can be sent to. The path ends in a token that is a credential. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record UploadUrls(
            @Nullable String external, @Nullable String inCluster) {

        /** Without the token, as it may end in a log. */
        @Override
        public String toString() {
            return "UploadUrls[…]";
        }
    }
}
