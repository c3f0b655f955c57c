package io.virtualimage.fetcher.upload;

import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.process.Settings;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The settings of uploads.
 *
 * @param tokenKey what tokens are derived with: the same as the status-writer's
 * @param port where they are received
 * @param maxBytes the largest file that is taken
 * @param spools where segments are kept while they come: two for each upload
 * @param idle a client that sends nothing for so long, or less than 1 KiB a second, is cut off
 * @param most how many uploads a replica receives at a time
 */
public record UploadSettings(String tokenKey, int port, long maxBytes, Path spools, Duration idle, int most) {
    private static final int DEFAULT_PORT = 8081;
    private static final int DEFAULT_MOST = 200;
    private static final long DEFAULT_MAX_BYTES = 2L << 40;
    private static final int MOST = 10_000;

    /**
     * Reads {@code TOKEN_KEY}, {@code UPLOAD_PORT} ({@value #DEFAULT_PORT}), {@code MAX_UPLOAD_SIZE} ({@code 2Ti}),
     * {@code UPLOAD_SPOOL} (the folder of temporary files), {@code UPLOAD_IDLE} ({@code 60s}) and {@code UPLOADS}
     * ({@value #DEFAULT_MOST}).
     */
    public static UploadSettings read(Settings settings) {
        return new UploadSettings(
                settings.text("TOKEN_KEY"),
                settings.number("UPLOAD_PORT", DEFAULT_PORT, 0, 65_535),
                settings.bytes("MAX_UPLOAD_SIZE", DEFAULT_MAX_BYTES, 1, 1L << 50),
                Path.of(settings.text("UPLOAD_SPOOL", System.getProperty("java.io.tmpdir"))),
                settings.duration("UPLOAD_IDLE", Duration.ofSeconds(60)),
                settings.number("UPLOADS", DEFAULT_MOST, 1, MOST));
    }

    AccessTokens tokens() {
        return AccessTokens.ofSetting("TOKEN_KEY", tokenKey);
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "uploads on port %d, up to %d bytes, %d at a time".formatted(port, maxBytes, most);
    }
}
