package io.virtualimage.statuswriter;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.FailureReason;
import org.jspecify.annotations.Nullable;

/** What a failure is for users, who think of it by the kind of source. */
final class FailureReading {
    private FailureReading() {}

    /**
     * The reason of the condition {@code Ready}.
     *
     * @param source null if it is not known
     */
    static ConditionReason conditionReason(@Nullable DataSource source, FailureReason reason) {
        return switch (source) {
            case DataSource.ContainerImage ignored -> ofContainerImage(reason);
            case DataSource.Upload ignored ->
                reason == FailureReason.UPLOAD_TIMEOUT
                        ? ConditionReason.WAIT_FOR_USER_UPLOAD_TIMEOUT
                        : ConditionReason.PROVISIONING_FAILED;
            case DataSource.Http ignored -> ConditionReason.PROVISIONING_FAILED;
            case DataSource.PublishedImage ignored -> ConditionReason.PROVISIONING_FAILED;
            case DataSource.Volume ignored -> ConditionReason.PROVISIONING_FAILED;
            case null -> ConditionReason.PROVISIONING_FAILED;
        };
    }

    /** Whether the image could not be pulled, or was and is of no use. */
    private static ConditionReason ofContainerImage(FailureReason reason) {
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
}
