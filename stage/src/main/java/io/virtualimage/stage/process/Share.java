package io.virtualimage.stage.process;

import io.virtualimage.topics.Recorded;
import java.util.Optional;

/**
 * What this replica has of a compacted topic that the replicas of a group share out by partition: the last record under
 * each key. No other replica has it at the same time, but for the moment in which one that was cut off does not know that
 * yet. Any thread may ask.
 */
public interface Share {
    /**
     * The last record under a key. Empty if there is none, it is a tombstone or can't be read; if the key is in somebody
     * else's share; as long as its partition has not been read to the end it had when this replica got it; and when this
     * replica stood still for so long that the partition may be somebody else's.
     */
    Optional<Recorded> last(String key);
}
