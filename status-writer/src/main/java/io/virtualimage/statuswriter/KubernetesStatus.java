package io.virtualimage.statuswriter;

import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.Incarnation;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A status in the shape that it has in Kubernetes. */
final class KubernetesStatus {
    /** Longer messages help nobody; the resource's definition would refuse them from 32,768 on. */
    private static final int MAX_MESSAGE_CHARS = 4096;

    private KubernetesStatus() {}

    /** @param uploads where files are sent to; null if nothing is set up for that */
    static VirtualImageStatus of(Incarnation image, ImageStatus status, @Nullable UploadAddresses uploads) {
        ImageStatus.Size size = status.size();
        ImageStatus.DownloadSpeed speed = status.downloadSpeed();
        String registryUrl = status.registryUrl();
        return new VirtualImageStatus(
                image.generation(),
                phase(status.phase()),
                status.progress(),
                status.cdrom(),
                status.format() == null ? null : status.format().wireName(),
                size == null ? null : VirtualImageStatus.Size.of(size.storedBytes(), size.unpackedBytes()),
                speed == null ? null : VirtualImageStatus.DownloadSpeed.of(speed.avgBytes(), speed.currentBytes()),
                registryUrl == null && status.claim() == null
                        ? null
                        : new VirtualImageStatus.Target(registryUrl, status.claim()),
                uploads == null || !Boolean.TRUE.equals(status.uploadable()) ? null : uploads.of(image),
                status.sourceUid(),
                status.storageClass(),
                conditions(image, status.conditions()));
    }

    static Phase phase(ImageStatus.Phase phase) {
        return switch (phase) {
            case PENDING -> Phase.PENDING;
            case WAIT_FOR_USER_UPLOAD -> Phase.WAIT_FOR_USER_UPLOAD;
            case PROVISIONING -> Phase.PROVISIONING;
            case READY -> Phase.READY;
            case FAILED -> Phase.FAILED;
            case TERMINATING -> Phase.TERMINATING;
            case IMAGE_LOST -> Phase.IMAGE_LOST;
            case PVC_LOST -> Phase.PVC_LOST;
        };
    }

    private static List<io.fabric8.kubernetes.api.model.Condition> conditions(
            Incarnation image, List<ImageStatus.Condition> conditions) {
        return conditions.stream()
                .map(condition -> new ConditionBuilder()
                        .withType(condition.type())
                        .withStatus(condition.status() ? "True" : "False")
                        .withReason(condition.reason())
                        .withMessage(cut(condition.message()))
                        .withLastTransitionTime(condition
                                .lastTransitionTime()
                                .truncatedTo(ChronoUnit.SECONDS)
                                .toString())
                        .withObservedGeneration(image.generation())
                        .build())
                .toList();
    }

    private static String cut(String message) {
        return message.length() <= MAX_MESSAGE_CHARS ? message : message.substring(0, MAX_MESSAGE_CHARS - 1) + "…";
    }
}
