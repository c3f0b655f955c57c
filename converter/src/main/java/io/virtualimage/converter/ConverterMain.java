package io.virtualimage.converter;

import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;

/** The converter as a process of its own. */
public final class ConverterMain {
    private ConverterMain() {}

    public static void main(String[] args) throws InterruptedException {
        Settings settings = new Settings(System.getenv());
        try (StageRuntime runtime = StageRuntime.open("converter", settings)) {
            Converter.start(runtime, settings);
            runtime.await();
        }
    }
}
