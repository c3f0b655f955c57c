package io.virtualimage.publisher;

import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;

/** The publisher as a process of its own. */
public final class PublisherMain {
    private PublisherMain() {}

    public static void main(String[] args) throws InterruptedException {
        Settings settings = new Settings(System.getenv());
        try (StageRuntime runtime = StageRuntime.open("publisher", settings)) {
            Publisher.start(runtime, settings);
            runtime.await();
        }
    }
}
