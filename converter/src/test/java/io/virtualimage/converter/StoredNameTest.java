package io.virtualimage.converter;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.DiskFormat;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.ImageFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoredNameTest {
    @ParameterizedTest
    @CsvSource({
        "cirros-0.6.2-x86_64-disk.img, QCOW2, cirros-0.6.2-x86_64-disk.qcow2",
        "debian-12.qcow2, QCOW2, debian-12.qcow2",
        "debian.RAW.xz, RAW, debian.img",
        "a/b/Win 11 (English).iso, ISO, Win-11-English.iso",
        "образ.img, RAW, disk.img",
        ".hidden, RAW, hidden.img",
        "'', RAW, disk.img",
        "..., ISO, disk.iso",
        "img, RAW, img.img",
        "ubuntu-24.04, QCOW2, ubuntu-24.04.qcow2",
    })
    void isTheSourcesNameMadeHarmless(String fileName, DiskFormat format, String stored) {
        assertThat(StoredName.of(fileName, format)).isEqualTo(stored);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n\r\u0000", "../../etc/passwd", "-rf", "a\u202Eb", "%2e%2e", "~", "qcow2.qcow2.qcow2"})
    void isAlwaysFitToBeStored(String fileName) {
        for (DiskFormat format : DiskFormat.values()) {
            new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.RAW, StoredName.of(fileName, format));
        }
    }

    @Test
    void isCut() {
        assertThat(StoredName.of("x".repeat(300), DiskFormat.QCOW2))
                .hasSize(100)
                .endsWith("x.qcow2");
        assertThat(StoredName.of("x".repeat(93) + "....yyy", DiskFormat.QCOW2)).isEqualTo("x".repeat(93) + ".qcow2");
    }
}
