package io.virtualimage.fetcher.upload;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.function.IntSupplier;

/** What is counted of uploads. */
final class UploadMeters {
    private final MeterRegistry registry;
    private final Counter bytes;

    UploadMeters(MeterRegistry registry, IntSupplier active) {
        this.registry = registry;
        this.bytes = Counter.builder("virtualimage.upload.bytes")
                .description("Bytes received of uploads")
                .register(registry);
        Gauge.builder("virtualimage.uploads.active", active, IntSupplier::getAsInt)
                .description("Uploads being received")
                .register(registry);
    }

    void received(long count) {
        bytes.increment((double) count);
    }

    void refused(Refusal.Kind kind) {
        Counter.builder("virtualimage.upload.refusals")
                .description("Requests of uploads that were refused")
                .tag("reason", kind.name().toLowerCase(Locale.ROOT))
                .register(registry)
                .increment();
    }

    void ended(String outcome) {
        Counter.builder("virtualimage.uploads.ended")
                .description("Uploads that came to an end, by what became of them")
                .tag("outcome", outcome)
                .register(registry)
                .increment();
    }
}
