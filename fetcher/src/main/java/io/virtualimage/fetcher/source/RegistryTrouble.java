package io.virtualimage.fetcher.source;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.NotAnImageException;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.layer.LayerLimitException;
import io.virtualimage.oci.layer.MalformedLayerException;
import io.virtualimage.oci.layer.NoDiskFileException;
import io.virtualimage.oci.layer.UnsupportedImageException;
import io.virtualimage.oci.layer.UnsupportedLayerException;
import io.virtualimage.oci.layer.UnusableImageException;
import io.virtualimage.topics.FailureReason;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** What a container image's trouble means, in the user's words: the registry's own, with the image's name before. */
final class RegistryTrouble {
    /** A registry that asks for more patience is asked again anyway. */
    private static final Duration LONGEST_DELAY = Duration.ofMinutes(5);

    private RegistryTrouble() {}

    static SourceException of(ResolvedSource.ContainerImage image, RegistryException e) {
        if (e.getCause() instanceof IOException cause) {
            Optional<String> verdict = CertificateWords.of(cause, image);
            if (verdict.isPresent()) {
                return new SourceException.Refused(
                        "%s can't be pulled: the registry can't be trusted: %s"
                                .formatted(image.publicName(), verdict.get()),
                        e);
            }
        }
        String words = "%s can't be pulled: %s".formatted(image.publicName(), e.getMessage());
        return switch (e.reason()) {
            case UNAUTHORIZED,
                    FORBIDDEN,
                    UNTRUSTED,
                    NOT_FOUND,
                    DELETE_NOT_ALLOWED,
                    UPLOAD_UNKNOWN,
                    UPLOAD_OUT_OF_STEP,
                    BLOB_UNKNOWN,
                    RANGES_UNSUPPORTED,
                    PROTOCOL -> new SourceException.Refused(words, e);
            case DIGEST_MISMATCH -> new SourceException.Unusable(FailureReason.CHECKSUM_MISMATCH, words, e);
            case UNAVAILABLE -> new SourceException.Unavailable(FailureReason.SOURCE_UNAVAILABLE, words, delay(e), e);
        };
    }

    private static Duration delay(RegistryException e) {
        Duration asked = e.retryAfter().orElse(Duration.ZERO);
        return asked.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : asked;
    }

    static SourceException of(ResolvedSource.ContainerImage image, UnusableImageException e) {
        FailureReason reason = switch (e) {
            case NoDiskFileException _ -> FailureReason.NOT_AN_IMAGE;
            case UnsupportedImageException _ -> FailureReason.IMAGE_UNSUPPORTED;
            case UnsupportedLayerException _ -> FailureReason.IMAGE_UNSUPPORTED;
            case LayerLimitException _ -> FailureReason.OVER_LIMIT;
            case MalformedLayerException _ ->
                e.getCause() instanceof BadContentException bad ? reason(bad.reason()) : FailureReason.IMAGE_MALFORMED;
        };
        return new SourceException.Unusable(reason, image.publicName() + ": " + e.getMessage(), e);
    }

    /** A layer can't be unpacked. */
    static SourceException of(ResolvedSource.ContainerImage image, String layer, BadContentException e) {
        return new SourceException.Unusable(
                reason(e.reason()),
                "%s: the layer %s can't be unpacked: %s".formatted(image.publicName(), layer, e.getMessage()),
                e);
    }

    private static FailureReason reason(DiskException e) {
        return switch (e) {
            case NotAnImageException _ -> FailureReason.IMAGE_MALFORMED;
            case MalformedDiskException _ -> FailureReason.IMAGE_MALFORMED;
            case UnsupportedDiskException _ -> FailureReason.IMAGE_UNSUPPORTED;
            case DiskLimitException _ -> FailureReason.OVER_LIMIT;
        };
    }
}
