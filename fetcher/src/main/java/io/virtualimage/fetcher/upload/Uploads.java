package io.virtualimage.fetcher.upload;

import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.stage.process.View;
import io.virtualimage.stage.web.WebEndpoint;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;

/** Wires what receives uploads. */
public final class Uploads {
    private Uploads() {}

    /**
     * Starts it; it ends with the runtime.
     *
     * @param others what else is served at the same port, by the beginnings of its paths
     * @throws IllegalStateException if a setting can't be used
     */
    public static void start(
            StageRuntime runtime, UploadSettings settings, int segmentBytes, Map<String, WebEndpoint> others) {
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
                new UploadLimits(segmentBytes, settings.maxBytes(), settings.idle()),
                settings.most(),
                settings.spools(),
                random,
                runtime.meters());
        Map<String, WebEndpoint> endpoints = new HashMap<>(others);
        endpoints.put(UploadDesk.PATH, desk);
        runtime.serve("uploads", settings.port(), settings.idle(), endpoints);
        runtime.keep(desk);
    }
}
