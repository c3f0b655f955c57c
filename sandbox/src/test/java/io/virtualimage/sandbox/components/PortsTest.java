package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PortsTest {

    @TempDir
    Path folder;

    @Test
    void aPortIsKeptForTheNextStart() {
        int port = new Ports(folder).port("broker");

        assertThat(new Ports(folder).port("broker")).isEqualTo(port);
        assertThat(new Ports(folder).port("controller")).isNotEqualTo(port);
    }

    @Test
    void aKeptPortThatSomebodyElseHasIsNamed() throws IOException {
        int port = new Ports(folder).port("broker");
        try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> new Ports(folder).port("broker"))
                    .isInstanceOf(ComponentException.class)
                    .hasMessageContaining("Port " + port + " (broker)");
        }
    }
}
