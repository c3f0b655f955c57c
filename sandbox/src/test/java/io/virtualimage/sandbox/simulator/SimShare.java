package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.process.Share;
import io.virtualimage.stage.process.ShareListener;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a process has of {@code virtualimage.published}: all of it, at its own pace, and for ever. So several look after each
 * image all the time, paused ones included, as they do only for moments where partitions are shared out.
 */
final class SimShare implements Share {
    private final TopicView view;
    private final Map<String, Recorded> last = new HashMap<>();
    private final ShareListener listener;

    SimShare(SimProcess process, Broker broker, Dice dice, ShareListener listener) {
        this.listener = listener;
        this.view =
                new TopicView(process, broker, List.of(Topic.PUBLISHED), "share", dice, (entry, topic) -> take(entry));
    }

    private void take(Broker.Entry entry) {
        if (entry.recorded() == null) {
            last.remove(entry.key());
        } else {
            last.put(entry.key(), entry.recorded());
        }
        listener.changed(entry.key(), entry.recorded());
    }

    @Override
    public Optional<Recorded> last(String key) {
        return view.caughtUp() ? Optional.ofNullable(last.get(key)) : Optional.empty();
    }
}
