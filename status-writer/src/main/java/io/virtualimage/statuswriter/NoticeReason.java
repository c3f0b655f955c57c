package io.virtualimage.statuswriter;

import io.virtualimage.topics.ImageStatus.Notice;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What users are notified of by Kubernetes Events. */
enum NoticeReason {
    IMPORT_STARTED(false, "DataSourceImportStarted"),
    IMPORT_COMPLETED(false, "DataSourceImportCompleted"),
    SPEC_CHANGED(false, "VirtualImageSpecHasBeenChanged"),
    /** May happen again and again. */
    LOST_RECOVERED(false, "VirtualImageLostRecovered"),
    IMPORT_FAILED(true, "DataSourceImportFailed"),
    /** May happen again and again. */
    QUOTA_EXCEEDED(true, "DataSourceQuotaExceed"),
    DISK_PROVISIONING_FAILED(true, "DataSourceImportDiskProvisioningFailed"),
    /** May happen again and again. */
    STORAGE_CLASS_NOT_FOUND(true, "VirtualImageStorageClassNotFound"),
    CLEANUP_INCOMPLETE(true, "VirtualImageCleanupIncomplete");

    private final boolean warning;
    private final String wire;

    NoticeReason(boolean warning, String wire) {
        this.warning = warning;
        this.wire = wire;
    }

    /** As it stands in the Event. */
    String wire() {
        return wire;
    }

    /** @param number of what may happen more than once: which time it is, the later the greater; else null */
    Notice notice(String message, @Nullable Long number, Instant at) {
        return new Notice(warning, wire, message, number, at);
    }
}
