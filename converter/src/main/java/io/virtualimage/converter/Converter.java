package io.virtualimage.converter;

import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.topics.WorkGroup;

/** The converter as a service. */
public final class Converter {
    private Converter() {}

    /**
     * Starts the planner and the workers; returns at once. Setting: {@code WORKERS}, tasks at a time (default 4).
     *
     * @throws IllegalStateException if a setting is missing or malformed
     */
    public static void start(StageRuntime runtime, Settings settings) {
        int workers = settings.number("WORKERS", 4, 1, 200);
        settings.check();
        runtime.host(new ConvertFold());
        runtime.work(WorkGroup.CONVERT_TASKS, workers, new ConvertWorker(runtime.staging()));
    }
}
