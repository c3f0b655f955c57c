package io.virtualimage.sandbox;

import io.virtualimage.converter.Converter;
import io.virtualimage.converter.ConverterMain;
import io.virtualimage.fetcher.Fetcher;
import io.virtualimage.fetcher.FetcherMain;
import io.virtualimage.publisher.Publisher;
import io.virtualimage.publisher.PublisherMain;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.statuswriter.StatusWriter;
import io.virtualimage.statuswriter.StatusWriterMain;
import io.virtualimage.watcher.Watcher;
import io.virtualimage.watcher.WatcherMain;
import java.util.Locale;

/** The services of the pipeline, as the sandbox starts them: within its own JVM, or as processes as in production. */
public enum Service {
    WATCHER(WatcherMain.class),
    FETCHER(FetcherMain.class),
    CONVERTER(ConverterMain.class),
    PUBLISHER(PublisherMain.class),
    STATUS_WRITER(StatusWriterMain.class);

    private final Class<?> main;

    Service(Class<?> main) {
        this.main = main;
    }

    /** As in {@code status-writer}. */
    public String serviceName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The variable that says how many processes of it to start: {@code FETCHERS}, {@code STATUS_WRITERS}, … */
    public String countVariable() {
        return name() + "S";
    }

    Class<?> mainClass() {
        return main;
    }

    /** Starts it in this JVM. */
    StageRuntime startHere(Settings settings) throws InterruptedException {
        StageRuntime runtime = StageRuntime.open(serviceName(), settings);
        try {
            switch (this) {
                case WATCHER -> Watcher.start(runtime, settings);
                case FETCHER -> Fetcher.start(runtime, settings);
                case CONVERTER -> Converter.start(runtime, settings);
                case PUBLISHER -> Publisher.start(runtime, settings);
                case STATUS_WRITER -> StatusWriter.start(runtime, settings);
            }
            return runtime;
        } catch (RuntimeException e) {
            runtime.close();
            throw e;
        }
    }
}
