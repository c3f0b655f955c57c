package io.virtualimage.fetcher.upload;

import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.stage.process.View;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.Map;

/** Wires what receives uploads. */
public final class Uploads {
    private Uploads() {}

    /**
     * Starts it; it ends with the runtime.
     *
     * @throws IllegalStateException if a setting can't be used
     */
    public static void start(StageRuntime runtime, UploadSettings settings, int segmentBytes) {
        if (!Files.isDirectory(settings.spools()) || !Files.isWritable(settings.spools())) {
            throw new IllegalStateException(
                    "UPLOAD_SPOOL is " + settings.spools() + ", which is no folder that can be written to");
        }
        SecureRandom random = new SecureRandom();
        UploadBook book = new UploadBook(settings.tokens(), random);
        View view = runtime.view(UploadBook.TOPICS, book::read);
        UploadPorts ports = new UploadPorts(
                runtime.staging(), runtime.announcer(), runtime.histories(), runtime.clock(), runtime.replica());
        UploadDesk desk = new UploadDesk(
                ports,
                book,
                view::caughtUp,
                new UploadLimits(segmentBytes, settings.maxBytes()),
                settings.most(),
                settings.spools(),
                random,
                runtime.meters());
        runtime.serve("uploads", settings.port(), settings.idle(), Map.of(UploadDesk.PATH, desk));
        runtime.keep(desk);
    }
}
