package io.virtualimage.disk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** Numbers and JSON as they are printed. */
class TextTest {
    /** As {@code qemu-img} has them. */
    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1, 1 B",
        "999, 999 B",
        "1000, 0.977 KiB",
        "1024, 1 KiB",
        "1025, 1 KiB",
        "1536, 1.5 KiB",
        "1678, 1.64 KiB",
        "401408, 392 KiB",
        "10485760, 10 MiB",
        "1000000512, 954 MiB",
        "1072693248, 0.999 GiB",
        "1073741823, 1 GiB",
        "1610612736, 1.5 GiB",
        "107911053312, 100 GiB",
        "108447924224, 101 GiB",
        "10995116277760, 10 TiB",
        "9223372036854775807, 8 EiB",
    })
    void sizes(long bytes, String text) {
        assertThat(HumanSize.of(bytes)).isEqualTo(text);
    }

    @Test
    void jsonIsReadByOthers() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("text", "\"\\/\b\f\n\r\t\0\u001f\u007f\u2028äö€\uD83D\uDE00");
        object.put("number", Long.MIN_VALUE);
        object.put("truth", true);
        object.put("inner", Map.of("a", Map.of("b", "c")));
        JsonMapper mapper = new JsonMapper();
        assertThat(mapper.readTree(JsonText.of(object))).isEqualTo(mapper.valueToTree(object));
    }

    @Test
    void jsonHasNoHalfCharacters() {
        assertThat(JsonText.of("a\uD83Db")).isEqualTo("\"a\\ud83db\"");
        assertThat(JsonText.of("\uDE00")).isEqualTo("\"\\ude00\"");
        assertThat(JsonText.of("\uDE00\uD83D")).isEqualTo("\"\\ude00\\ud83d\"");
    }
}
