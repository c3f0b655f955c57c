package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;

/** Puts events on the topics; now and then twice, or without being able to say whether it did. */
final class SimAnnouncer implements Announcer {
    private final SimProcess process;
    private final Broker broker;
    private final Faults faults;

    SimAnnouncer(SimProcess process, Broker broker, Faults faults) {
        this.process = process;
        this.broker = broker;
        this.faults = faults;
    }

    @Override
    public void announce(Event event) throws AnnouncementException {
        process.effect("announces", event);
        if (faults.strike(0.01)) {
            if (faults.coin()) {
                append(event);
            }
            throw new AnnouncementException("the broker did not confirm", new IllegalStateException("simulated"));
        }
        append(event);
        if (faults.strike(0.02)) {
            append(event);
        }
    }

    private void append(Event event) {
        broker.append(event, process.clock().instant());
    }

    @Override
    public void bury(String key, DeadLetter letter) {
        process.effect("buries", letter);
    }
}
