package io.virtualimage.stage.process;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.MetricType;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricFamilyDescriptor;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A gauge with one time series per thing, for things that come and go by the thousand: nothing is kept of them between
 * two readings of {@code /metrics}.
 */
final class SampledGauge implements Collector {
    private final MetricMetadata metadata;
    private final Labels common;
    private final String[] labels;
    private final Supplier<Stream<Sample>> samples;

    /**
     * @param name as it is served
     * @param common what every series has besides
     * @param labels names of the labels
     * @param samples called each time that somebody reads
     */
    SampledGauge(String name, String help, Labels common, List<String> labels, Supplier<Stream<Sample>> samples) {
        this.metadata = new MetricMetadata(name, help);
        this.common = common;
        this.labels = labels.toArray(String[]::new);
        this.samples = samples;
    }

    @Override
    public GaugeSnapshot collect() {
        return new GaugeSnapshot(metadata, samples.get().map(this::point).toList());
    }

    private GaugeDataPointSnapshot point(Sample sample) {
        return new GaugeDataPointSnapshot(
                sample.value(), common.merge(labels, sample.labels().toArray(String[]::new)), null);
    }

    @Override
    public MetricFamilyDescriptor getMetricFamilyDescriptor() {
        return MetricFamilyDescriptor.of(MetricType.GAUGE, metadata);
    }
}
