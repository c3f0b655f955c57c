package io.virtualimage.fetcher.volume;

import io.virtualimage.k8s.volume.VolumeProgram;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.process.Settings;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * What this installation says of Jobs that read volumes.
 *
 * @param program what runs in their Pods
 * @param fetcher where Pods reach the fetchers
 * @param tokens for their URLs
 */
public record ReadingSettings(VolumeProgram program, URI fetcher, AccessTokens tokens) {

    /**
     * Reads {@code FETCHER_URL}, {@code VOLUME_JOB_IMAGE}, {@code VOLUME_JOB_COMMAND}, {@code VOLUME_JOB_MEMORY} and
     * {@code VOLUME_JOB_CPU}; null if one of the first two isn't set: then no volumes are read.
     */
    public static @Nullable ReadingSettings of(Settings settings, AccessTokens tokens) {
        String image = settings.text("VOLUME_JOB_IMAGE", "");
        String command = settings.text("VOLUME_JOB_COMMAND", VolumeProgram.COMMAND);
        String memory = settings.text("VOLUME_JOB_MEMORY", VolumeProgram.MEMORY);
        String cpu = settings.text("VOLUME_JOB_CPU", VolumeProgram.CPU_LIMIT);
        if (image.isEmpty() || settings.optional("FETCHER_URL").isEmpty()) {
            return null;
        }
        return new ReadingSettings(VolumeProgram.of(image, command, memory, cpu), settings.uri("FETCHER_URL"), tokens);
    }
}
