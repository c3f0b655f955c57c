package io.virtualimage.sandbox.components;

/** The Kafka that tests run on, wherever it is; see {@link Brokers}. */
public record TestBroker(String bootstrapServers, String description, Runnable stop) implements RunningComponent {

    @Override
    public String describe() {
        return description;
    }

    @Override
    public void close() {
        stop.run();
    }
}
