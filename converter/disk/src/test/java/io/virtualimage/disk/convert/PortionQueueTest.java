package io.virtualimage.disk.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.Extent;
import java.io.InterruptedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PortionQueueTest {
    /** Who makes portions stops when nobody takes them any more. */
    @Test
    void afterItWasStopped() throws Exception {
        PortionQueue queue = new PortionQueue();
        Portion portion = new Portion(List.of(new Extent.Data(0, 512, 0)));
        queue.put(portion);
        queue.stop();
        assertThat(queue.next()).isNull();
        assertThatThrownBy(() -> queue.put(portion)).isInstanceOf(InterruptedIOException.class);
    }
}
