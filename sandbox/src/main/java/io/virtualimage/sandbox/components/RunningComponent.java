package io.virtualimage.sandbox.components;

/** A real component that runs, or that somebody else runs for us. */
public interface RunningComponent extends AutoCloseable {

    /** What it is and in which version, as in {@code registry v3.1.1}: one line for people. */
    String describe();

    /** Stops what was started here, and waits for its end; does nothing when called again. Data stays. */
    @Override
    void close();
}
