package io.virtualimage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class VocabularyTest {
    @Test
    void wireNamesAreTheContract() {
        assertThat(Arrays.stream(DiskFormat.values()).map(DiskFormat::wireName))
                .containsExactly("qcow2", "raw", "vmdk", "vdi", "vpc", "vhdx", "iso");
        for (DiskFormat format : DiskFormat.values()) {
            assertThat(DiskFormat.ofWireName(format.wireName())).contains(format);
        }
        assertThat(DiskFormat.ofWireName("QCOW2")).isEmpty();
    }

    @Test
    void noInvalidInfoExists() {
        assertThatIllegalArgumentException().isThrownBy(() -> new DiskInfo(DiskFormat.RAW, 0, false));
        assertThatIllegalArgumentException().isThrownBy(() -> new DiskInfo(DiskFormat.RAW, 513, false));
        assertThatIllegalArgumentException().isThrownBy(() -> new DiskInfo(DiskFormat.RAW, 512, true));
        assertThatIllegalArgumentException().isThrownBy(() -> new DiskInfo(DiskFormat.ISO, 512, false));
    }

    @Test
    void untrustedTextIsTamed() {
        assertThat(UntrustedText.printable(" a\n\tb\u001b[31mc\u202ed\0 ", 60)).isEqualTo("a b?[31mc?d?");
        assertThat(UntrustedText.printable("образ", 60)).isEqualTo("образ");
        assertThat(UntrustedText.printable("abcdef", 3)).isEqualTo("abc…");
        assertThat(UntrustedText.printable("abc", 3)).isEqualTo("abc");
    }
}
