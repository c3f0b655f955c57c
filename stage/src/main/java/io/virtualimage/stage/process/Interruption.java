package io.virtualimage.stage.process;

import org.apache.kafka.common.errors.InterruptException;

/** Turns Kafka's unchecked interruption into the checked one. */
final class Interruption {
    private Interruption() {}

    /** The exception to throw; clears the thread's flag, as whoever throws the checked one has to. */
    static InterruptedException of(InterruptException cause) {
        boolean ignored = Thread.interrupted();
        InterruptedException interruption = new InterruptedException("interrupted while talking to Kafka");
        interruption.initCause(cause);
        return interruption;
    }
}
