package io.virtualimage.topics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProvisionTopicsTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(Map<String, String> environment) {
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        return ProvisionTopics.run(environment, stream, stream);
    }

    @Test
    void saysWhichSettingIsWrong() {
        assertThat(run(Map.of())).isEqualTo(ProvisionTopics.MISCONFIGURED);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("KAFKA_BOOTSTRAP is not set");
    }

    @Test
    void refusesNumbersThatAreNone() {
        for (String number : new String[] {"0", "-1", "many", "3.5", "99999"}) {
            assertThat(run(Map.of("KAFKA_BOOTSTRAP", "localhost:9", "PARTITIONS", number)))
                    .isEqualTo(ProvisionTopics.MISCONFIGURED);
        }
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("PARTITIONS must be a number from 1 to 9999");
    }

    @Test
    void saysThatAnAddressIsNone() {
        assertThat(run(Map.of("KAFKA_BOOTSTRAP", "nowhere"))).isEqualTo(ProvisionTopics.FAILED);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("No connection to Kafka at nowhere");
    }
}
