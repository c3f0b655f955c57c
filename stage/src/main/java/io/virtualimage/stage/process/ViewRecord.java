package io.virtualimage.stage.process;

import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import org.jspecify.annotations.Nullable;

/**
 * A record of a topic, read outside of the folds.
 *
 * @param key the image's UID
 * @param recorded what it says; null for a tombstone: nothing holds any more of what was said under this key
 */
public record ViewRecord(Topic topic, String key, @Nullable Recorded recorded) {}
