package io.virtualimage.statuswriter;

import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;

/** The status-writer as a process of its own. */
public final class StatusWriterMain {
    private StatusWriterMain() {}

    public static void main(String[] args) throws InterruptedException {
        Settings settings = new Settings(System.getenv());
        try (StageRuntime runtime = StageRuntime.open("status-writer", settings)) {
            StatusWriter.start(runtime, settings);
            runtime.await();
        }
    }
}
