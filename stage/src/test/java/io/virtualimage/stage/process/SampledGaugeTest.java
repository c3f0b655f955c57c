package io.virtualimage.stage.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.snapshots.Labels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SampledGaugeTest {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final List<Sample> samples = new ArrayList<>();

    private List<String> served() {
        return registry.scrape().lines().toList();
    }

    @Test
    void servesWhatThereIsWhenSomebodyReads() {
        registry.getPrometheusRegistry()
                .register(new SampledGauge(
                        "a_gauge",
                        "What it is",
                        Labels.of("replica", "r-1"),
                        List.of("name", "phase"),
                        samples::stream));
        assertThat(served()).isEmpty();
        samples.add(new Sample(List.of("b", "Ready"), 1));
        samples.add(new Sample(List.of("a \"quoted\"", "Ready"), 0));
        assertThat(served())
                .containsExactly(
                        "# HELP a_gauge What it is",
                        "# TYPE a_gauge gauge",
                        "a_gauge{name=\"a \\\"quoted\\\"\",phase=\"Ready\",replica=\"r-1\"} 0.0",
                        "a_gauge{name=\"b\",phase=\"Ready\",replica=\"r-1\"} 1.0");
        samples.removeFirst();
        assertThat(served()).hasSize(3);
    }

    @Test
    void tenThousandImagesAreServed() throws IOException {
        registry.getPrometheusRegistry()
                .register(new SampledGauge(
                        "phase",
                        "What it is",
                        Labels.of("replica", "r-1"),
                        List.of("name", "phase"),
                        () -> IntStream.range(0, 80_000)
                                .mapToObj(i ->
                                        new Sample(List.of("image-" + i / 8, "phase-" + i % 8), i % 8 == 3 ? 1 : 0))));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        registry.scrape(out);
        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .hasSize(80_002)
                .contains(
                        "phase{name=\"image-9999\",phase=\"phase-3\",replica=\"r-1\"} 1.0",
                        "phase{name=\"image-9999\",phase=\"phase-7\",replica=\"r-1\"} 0.0");
    }
}
