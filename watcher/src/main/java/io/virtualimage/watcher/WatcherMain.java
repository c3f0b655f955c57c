package io.virtualimage.watcher;

import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;

/** The watcher as a process of its own. */
public final class WatcherMain {
    private WatcherMain() {}

    public static void main(String[] args) throws InterruptedException {
        Settings settings = new Settings(System.getenv());
        try (StageRuntime runtime = StageRuntime.open("watcher", settings)) {
            Watcher.start(runtime, settings);
            runtime.await();
        }
    }
}
