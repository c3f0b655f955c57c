package io.virtualimage.stage.process;

import io.virtualimage.topics.Recorded;
import org.jspecify.annotations.Nullable;

/** Hears of what comes into a replica's {@link Share} and what goes from it. */
public interface ShareListener {
    /**
     * The last record under a key is another one. Called on one thread, which must not be held up.
     *
     * @param last null if there is none any more, or the key is not in this replica's share any more
     */
    void changed(String key, @Nullable Recorded last);
}
