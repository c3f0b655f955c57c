package io.virtualimage.topics;

/** A place on one topic, which the context names: the record at {@code offset} of {@code partition}. */
public record Position(int partition, long offset) {
    public Position {
        if (partition < 0 || offset < 0) {
            throw new IllegalArgumentException("partition " + partition + ", offset " + offset);
        }
    }
}
