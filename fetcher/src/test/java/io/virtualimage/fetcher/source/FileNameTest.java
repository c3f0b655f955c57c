package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileNameTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            attachment; filename="a.qcow2"                       | a.qcow2
            attachment; filename=a.qcow2                         | a.qcow2
            attachment; FileName = "a \\"b\\".iso"               | a__b_.iso
            attachment; filename="x.bin"; filename*=UTF-8''%61%20b.iso | a_b.iso
            attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd  | passwd
            attachment; filename*=UTF-8''%zz                     | url.img
            attachment; filename="C:\\\\dir\\\\disk.vmdk"        | disk.vmdk
            attachment; filename=".."                            | url.img
            attachment; filename=".hidden"                       | hidden
            inline                                               | url.img
            """)
    void fromTheServersWords(String disposition, String name) {
        assertThat(FileName.of(disposition, List.of("x", "url.img"))).isEqualTo(name);
    }

    @Test
    void fromThePath() {
        assertThat(FileName.of(null, List.of("a", "b c.img", ""))).isEqualTo("b_c.img");
        assertThat(FileName.of(null, List.of(""))).isEqualTo("image");
        assertThat(FileName.of(null, List.of("..."))).isEqualTo("image");
        assertThat(FileName.of(null, List.of("x".repeat(500) + ".iso")))
                .hasSize(128)
                .endsWith(".iso");
    }
}
