package io.virtualimage.stage.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OwnedStatesTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final KeyValueStore<String, byte[]> store = Stores.keyValueStoreBuilder(
                    Stores.inMemoryKeyValueStore("state"), Serdes.String(), Serdes.ByteArray())
            .withLoggingDisabled()
            .build();

    @BeforeEach
    void open() {
        store.init(new MockProcessorContext<String, String>().getStateStoreContext(), store);
    }

    private static Map<String, Integer> inherited(OwnedStates states) {
        Map<String, Integer> found = new TreeMap<>();
        states.forEachInherited((uid, state) -> found.put(uid, (int) state[0]));
        return found;
    }

    @Test
    void theStateOfTheLatestOwnerCountsWhateverAnEarlierOneSendsLate() {
        OwnedStates paused = new OwnedStates(store, NOW);
        paused.put("a", new byte[] {1});
        paused.put("b", new byte[] {1});
        OwnedStates next = new OwnedStates(store, NOW.plusSeconds(6));
        assertThat(inherited(next)).containsOnly(Map.entry("a", 1), Map.entry("b", 1));
        next.put("a", new byte[] {2});
        paused.put("a", new byte[] {3});

        assertThat(inherited(new OwnedStates(store, NOW.plusSeconds(12))))
                .containsOnly(Map.entry("a", 2), Map.entry("b", 1));
    }

    @Test
    void anOwnerIsLaterThanThoseBeforeItWhateverItsClockSays() {
        new OwnedStates(store, NOW).put("a", new byte[] {1});
        new OwnedStates(store, NOW.minusSeconds(60)).put("a", new byte[] {2});

        assertThat(inherited(new OwnedStates(store, NOW.minusSeconds(30)))).containsOnly(Map.entry("a", 2));
    }

    @Test
    void nothingIsLeftOfWhatIsReplacedOrDeleted() {
        OwnedStates before = new OwnedStates(store, NOW);
        before.put("a", new byte[] {1});
        before.put("b", new byte[] {1});
        OwnedStates states = new OwnedStates(store, NOW.plusSeconds(6));
        states.put("a", new byte[] {2});
        states.delete("b");

        try (KeyValueIterator<String, byte[]> all = store.all()) {
            assertThat(all).toIterable().hasSize(1);
        }
    }
}
