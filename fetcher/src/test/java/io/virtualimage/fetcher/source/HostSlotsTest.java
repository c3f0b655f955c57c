package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class HostSlotsTest {
    @Test
    void givesBackAndForgets() throws Exception {
        HostSlots slots = new HostSlots(1);
        HostSlots.Slot a = slots.acquire("a");
        HostSlots.Slot b = slots.acquire("b");
        assertThat(slots.size()).isEqualTo(2);
        b.close();
        b.close();
        a.close();
        assertThat(slots.size()).isZero();
        slots.acquire("a").close();
    }

    @Test
    void waitsForAFreeOne() throws Exception {
        HostSlots slots = new HostSlots(1);
        HostSlots.Slot held = slots.acquire("a");
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                slots.acquire("a").close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        held.close();
        waiting.join();
        assertThat(slots.size()).isZero();
    }

    @Test
    void oneWhoIsInterruptedLeavesNothing() throws Exception {
        HostSlots slots = new HostSlots(1);
        HostSlots.Slot held = slots.acquire("a");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> slots.acquire("a")).isInstanceOf(InterruptedException.class);
        held.close();
        assertThat(slots.size()).isZero();
    }
}
