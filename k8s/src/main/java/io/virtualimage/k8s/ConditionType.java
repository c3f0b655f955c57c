package io.virtualimage.k8s;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;

/** The sides that an image is seen from in {@code status.conditions}, each with its reasons. */
public enum ConditionType {
    DATASOURCE_READY("DatasourceReady"),
    /** Only for images that are kept in a claim. */
    STORAGE_CLASS_READY("StorageClassReady"),
    READY("Ready"),
    IN_USE("InUse"),
    /** Only while the image is being deleted, and then true. */
    TERMINATING("Terminating");

    private final String wire;

    ConditionType(String wire) {
        this.wire = wire;
    }

    /** As it stands in the resource. */
    public String wire() {
        return wire;
    }

    /** The reasons that this condition can have with the given status. */
    public Set<ConditionReason> reasons(boolean status) {
        return status ? whenTrue() : whenFalse();
    }

    private Set<ConditionReason> whenTrue() {
        return switch (this) {
            case DATASOURCE_READY -> Set.of(ConditionReason.DATASOURCE_READY);
            case STORAGE_CLASS_READY -> Set.of(ConditionReason.STORAGE_CLASS_READY);
            case READY -> Set.of(ConditionReason.READY);
            case IN_USE -> Set.of(ConditionReason.ATTACHED_TO_VIRTUAL_MACHINE);
            case TERMINATING -> Set.of(ConditionReason.CLEANUP_PENDING);
        };
    }

    private Set<ConditionReason> whenFalse() {
        return switch (this) {
            case DATASOURCE_READY ->
                Set.of(
                        ConditionReason.CONTAINER_REGISTRY_SECRET_NOT_FOUND,
                        ConditionReason.IMAGE_NOT_READY,
                        ConditionReason.CLUSTER_IMAGE_NOT_READY,
                        ConditionReason.VIRTUAL_DISK_NOT_READY,
                        ConditionReason.VIRTUAL_DISK_SNAPSHOT_NOT_READY,
                        ConditionReason.VIRTUAL_DISK_NOT_READY_FOR_USE,
                        ConditionReason.VIRTUAL_DISK_ATTACHED_TO_VIRTUAL_MACHINE);
            case STORAGE_CLASS_READY ->
                Set.of(ConditionReason.STORAGE_CLASS_NOT_FOUND, ConditionReason.STORAGE_CLASS_NOT_READY);
            case READY ->
                Set.of(
                        ConditionReason.DATASOURCE_NOT_READY,
                        ConditionReason.STORAGE_CLASS_NOT_READY,
                        ConditionReason.PROVISIONING,
                        ConditionReason.WAIT_FOR_USER_UPLOAD,
                        ConditionReason.WAIT_FOR_USER_UPLOAD_TIMEOUT,
                        ConditionReason.PROVISIONING_NOT_STARTED,
                        ConditionReason.PROVISIONING_FAILED,
                        ConditionReason.QUOTA_EXCEEDED,
                        ConditionReason.IMAGE_PULL_FAILED,
                        ConditionReason.IMAGE_LOST,
                        ConditionReason.PVC_LOST);
            case IN_USE -> Set.of(ConditionReason.NOT_IN_USE);
            case TERMINATING -> Set.of();
        };
    }

    /**
     * A condition of this type.
     *
     * @param since when status or reason became what they are; kept to the second
     * @param observedGeneration the generation that it speaks of
     * @throws IllegalArgumentException if the reason doesn't go with type and status
     */
    public Condition condition(
            boolean status, ConditionReason reason, String message, Instant since, long observedGeneration) {
        if (!reasons(status).contains(reason)) {
            throw new IllegalArgumentException(
                    "condition " + wire + " can't be " + status + " with reason " + reason.wire());
        }
        return new ConditionBuilder()
                .withType(wire)
                .withStatus(status ? "True" : "False")
                .withReason(reason.wire())
                .withMessage(message)
                .withLastTransitionTime(since.truncatedTo(ChronoUnit.SECONDS).toString())
                .withObservedGeneration(observedGeneration)
                .build();
    }
}
