package io.virtualimage.sandbox.endtoend;

import io.virtualimage.k8s.Storage;

/** The arrows of the phase table that users are promised: what may follow what, and why. */
enum PhaseArrow {
    SEEN(1, "", "Pending"),
    BEGUN(2, "Pending", "Provisioning"),
    UPLOAD_AWAITED(3, "Pending", "WaitForUserUpload"),
    UPLOAD_BEGUN(4, "WaitForUserUpload", "Provisioning"),
    UPLOAD_MISSED(5, "WaitForUserUpload", "Failed"),
    PUBLISHED(6, "Provisioning", "Ready"),
    FAILED(7, "Provisioning", "Failed"),
    HELD_UP(8, "Provisioning", "Pending"),
    RESPECIFIED(9, "WaitForUserUpload|Provisioning|Failed", "Pending"),
    RETRIED(10, "Failed", "Pending"),
    IMAGE_LOST(11, "Ready", "ImageLost"),
    IMAGE_BACK(11, "ImageLost", "Ready"),
    CLAIM_LOST(12, "Ready", "PVCLost"),
    DELETED(13, "Pending|WaitForUserUpload|Provisioning|Ready|Failed|ImageLost|PVCLost", "Terminating"),
    GONE(14, "Terminating", PhaseArrow.NOWHERE);

    /** Where an object is that there isn't any more. */
    static final String NOWHERE = "(gone)";

    private final int number;
    private final String from;
    private final String to;

    PhaseArrow(int number, String from, String to) {
        this.number = number;
        this.from = from;
        this.to = to;
    }

    /** Whether it begins at a phase; empty is that of an object which nobody has seen yet. */
    boolean beginsAt(String phase) {
        return phase.matches(from);
    }

    String to() {
        return to;
    }

    boolean appliesTo(Storage storage) {
        return switch (this) {
            case IMAGE_LOST, IMAGE_BACK -> storage == Storage.CONTAINER_REGISTRY;
            case CLAIM_LOST -> storage == Storage.PERSISTENT_VOLUME_CLAIM;
            default -> true;
        };
    }

    /** As in {@code 6 Provisioning→Ready}. */
    String words(String begun) {
        return "%d %s→%s".formatted(number, begun.isEmpty() ? "\"\"" : begun, to);
    }
}
