package io.virtualimage.fetcher;

import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;

/** The fetcher as a process of its own. */
public final class FetcherMain {
    private FetcherMain() {}

    public static void main(String[] args) throws InterruptedException {
        Settings settings = new Settings(System.getenv());
        try (StageRuntime runtime = StageRuntime.open("fetcher", settings)) {
            Fetcher.start(runtime, settings);
            runtime.await();
        }
    }
}
