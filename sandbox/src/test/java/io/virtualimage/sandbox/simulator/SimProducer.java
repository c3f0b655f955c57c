package io.virtualimage.sandbox.simulator;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sends in the background: in order within a partition, in no order between them, and lost with its process. */
final class SimProducer {
    private final SimProcess process;
    private final Dice dice;
    private final Map<String, Deque<Runnable>> queues = new TreeMap<>();

    SimProducer(SimProcess process, Dice dice) {
        this.process = process;
        this.dice = dice;
    }

    void send(String partition, Runnable append) {
        queues.computeIfAbsent(partition, p -> new ArrayDeque<>()).add(append);
    }

    boolean idle() {
        return queues.isEmpty();
    }

    void run() {
        while (true) {
            process.scheduler().await(() -> !queues.isEmpty(), Duration.ofDays(1));
            if (queues.isEmpty()) {
                continue;
            }
            String partition = dice.pick(List.copyOf(queues.keySet()));
            process.effect("sends to", partition);
            Deque<Runnable> queue = queues.get(partition);
            queue.remove().run();
            if (queue.isEmpty()) {
                queues.remove(partition);
            }
        }
    }
}
