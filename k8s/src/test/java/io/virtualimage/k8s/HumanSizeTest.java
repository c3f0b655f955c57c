package io.virtualimage.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HumanSizeTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0B",
        "10, 10B",
        "1023, 1023B",
        "1024, 1Ki",
        "1075, 1Ki", // 1.0498…
        "1076, 1.1Ki", // 1.0507…
        "1536, 1.5Ki",
        "1048524, 1023.9Ki",
        "1048525, 1Mi", // 1023.95…Ki, rounded up
        "298738688, 284.9Mi",
        "2361393152, 2.2Gi",
        "107374182400, 100Gi",
        "1099511627776, 1Ti",
        "2251799813685248, 2048Ti",
        "9223372036854775807, 8388608Ti",
    })
    void formats(long bytes, String expected) {
        assertThat(HumanSize.format(bytes)).isEqualTo(expected);
    }

    @Test
    void refusesANegativeSize() {
        assertThatIllegalArgumentException().isThrownBy(() -> HumanSize.format(-1));
    }
}
