package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/** Why a condition is as it is. Which of them go with which condition is said by {@link ConditionType}. */
public enum ConditionReason {
    DATASOURCE_READY("DatasourceReady"),
    CONTAINER_REGISTRY_SECRET_NOT_FOUND("ContainerRegistrySecretNotFound"),
    IMAGE_NOT_READY("ImageNotReady"),
    CLUSTER_IMAGE_NOT_READY("ClusterImageNotReady"),
    VIRTUAL_DISK_NOT_READY("VirtualDiskNotReady"),
    VIRTUAL_DISK_SNAPSHOT_NOT_READY("VirtualDiskSnapshotNotReady"),
    VIRTUAL_DISK_NOT_READY_FOR_USE("VirtualDiskNotReadyForUse"),
    VIRTUAL_DISK_ATTACHED_TO_VIRTUAL_MACHINE("VirtualDiskAttachedToVirtualMachine"),
    STORAGE_CLASS_READY("StorageClassReady"),
    STORAGE_CLASS_NOT_FOUND("StorageClassNotFound"),
    STORAGE_CLASS_NOT_READY("StorageClassNotReady"),
    READY("Ready"),
    DATASOURCE_NOT_READY("DatasourceNotReady"),
    PROVISIONING("Provisioning"),
    WAIT_FOR_USER_UPLOAD("WaitForUserUpload"),
    WAIT_FOR_USER_UPLOAD_TIMEOUT("WaitForUserUploadTimeout"),
    PROVISIONING_NOT_STARTED("ProvisioningNotStarted"),
    PROVISIONING_FAILED("ProvisioningFailed"),
    QUOTA_EXCEEDED("QuotaExceeded"),
    IMAGE_PULL_FAILED("ImagePullFailed"),
    IMAGE_LOST("ImageLost"),
    PVC_LOST("PVCLost"),
    ATTACHED_TO_VIRTUAL_MACHINE("AttachedToVirtualMachine"),
    NOT_IN_USE("NotInUse"),
    CLEANUP_PENDING("CleanupPending");

    private final String wire;

    ConditionReason(String wire) {
        this.wire = wire;
    }

    /** As it stands in the resource. */
    @JsonValue
    public String wire() {
        return wire;
    }

    /** Null for a value that this version doesn't know. */
    @JsonCreator
    public static @Nullable ConditionReason parse(String wire) {
        for (ConditionReason value : values()) {
            if (value.wire.equals(wire)) {
                return value;
            }
        }
        return null;
    }
}
