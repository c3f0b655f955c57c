package io.virtualimage.publisher;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import okhttp3.Call;
import okhttp3.EventListener;

/** What is counted of publishing. */
final class PublishMeters {
    private final Counter pushed;
    private final Counter filled;

    PublishMeters(MeterRegistry registry) {
        this.pushed = counter(registry, "registry");
        this.filled = counter(registry, "volume");
    }

    private static Counter counter(MeterRegistry registry, String to) {
        return Counter.builder("virtualimage.published.bytes")
                .description(
                        "Bytes that were sent to the registry, or said to be on a volume; those sent again included")
                .tag("to", to)
                .register(registry);
    }

    /** Counts the bodies of all requests. */
    EventListener pushes() {
        return new EventListener() {
            @Override
            public void requestBodyEnd(Call call, long byteCount) {
                pushed.increment((double) byteCount);
            }
        };
    }

    /** So many bytes more are on a volume. */
    void filled(long bytes) {
        filled.increment((double) bytes);
    }
}
