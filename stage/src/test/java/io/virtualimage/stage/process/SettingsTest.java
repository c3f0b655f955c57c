package io.virtualimage.stage.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {

    @Test
    void valuesAreRead() {
        Settings settings = new Settings(Map.of(
                "TEXT",
                "a",
                "NUMBER",
                "7",
                "FLAG",
                "True",
                "SHORT",
                "30s",
                "ISO",
                "PT5M",
                "BYTES",
                "16Mi",
                "URI",
                "http://host:1/x"));
        assertThat(settings.text("TEXT")).isEqualTo("a");
        assertThat(settings.number("NUMBER", 1, 1, 10)).isEqualTo(7);
        assertThat(settings.flag("FLAG", false)).isTrue();
        assertThat(settings.duration("SHORT", Duration.ZERO)).isEqualTo(Duration.ofSeconds(30));
        assertThat(settings.duration("ISO", Duration.ZERO)).isEqualTo(Duration.ofMinutes(5));
        assertThat(settings.bytes("BYTES", 0)).isEqualTo(16 << 20);
        assertThat(settings.uri("URI")).isEqualTo(URI.create("http://host:1/x"));
        settings.check();
    }

    @Test
    void whatIsNotSetIsAsTheCallerSays() {
        Settings settings = new Settings(Map.of("BLANK", " "));
        assertThat(settings.text("BLANK", "b")).isEqualTo("b");
        assertThat(settings.number("NUMBER", 3, 1, 10)).isEqualTo(3);
        assertThat(settings.bytes("BYTES", 5)).isEqualTo(5);
        settings.check();
    }

    @Test
    void allMistakesAreNamedAtOnce() {
        Settings settings =
                new Settings(Map.of("NUMBER", "11", "FLAG", "yes", "TIME", "soon", "BYTES", "16 MB", "URI", "ftp://x"));
        settings.text("TEXT");
        settings.number("NUMBER", 1, 1, 10);
        settings.flag("FLAG", true);
        settings.duration("TIME", Duration.ZERO);
        settings.bytes("BYTES", 0);
        settings.uri("URI");
        settings.uri("OTHER");
        assertThatThrownBy(settings::check)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(
                        "TEXT is not set",
                        "NUMBER is '11', but has to be a whole number from 1 to 10",
                        "FLAG is 'yes'",
                        "TIME is 'soon'",
                        "BYTES is '16 MB'",
                        "URI is 'ftp://x'",
                        "OTHER is not set");
    }
}
