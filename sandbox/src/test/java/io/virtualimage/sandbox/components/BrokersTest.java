package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class BrokersTest {

    @Test
    void aGivenBrokerWinsAndDockerIsNotEvenAsked() {
        Brokers.Choice choice = Brokers.choose(Map.of("KAFKA_BOOTSTRAP", " kafka:9092 "), () -> {
            throw new AssertionError("asked");
        });

        assertThat(choice).isEqualTo(new Brokers.Choice.Given("kafka:9092"));
    }

    @Test
    void aContainerWhenDockerAnswers() {
        assertThat(Brokers.choose(Map.of("KAFKA_BOOTSTRAP", ""), () -> true)).isEqualTo(new Brokers.Choice.Container());
    }

    @Test
    void inThisJvmOtherwise() {
        assertThat(Brokers.choose(Map.of(), () -> false)).isEqualTo(new Brokers.Choice.InThisJvm());
    }
}
