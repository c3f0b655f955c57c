package io.virtualimage.stage.process;

import java.util.List;

/**
 * What one thing's time series of a gauge is at.
 *
 * @param labels the labels' values, in the order of their names; no two samples of a gauge may have the same
 */
public record Sample(List<String> labels, double value) {
    public Sample {
        labels = List.copyOf(labels);
    }
}
