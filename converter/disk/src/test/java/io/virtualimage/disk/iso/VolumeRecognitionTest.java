package io.virtualimage.disk.iso;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.UnsupportedDiskException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VolumeRecognitionTest {
    private static final int LENGTH = 100 * 2048;

    @Test
    void iso9660() throws Exception {
        assertThat(VolumeRecognition.read(
                        disc().primary(100, 2048).descriptor(255, "CD001").source()))
                .isEqualTo(new VolumeRecognition(true, false));
    }

    @Test
    void primaryDescriptorNeedNotBeFirst() throws Exception {
        assertThat(VolumeRecognition.read(
                        disc().descriptor(0, "CD001").primary(1, 2048).source()))
                .isEqualTo(new VolumeRecognition(true, false));
    }

    @Test
    void udfBesideIso9660() throws Exception {
        assertThat(VolumeRecognition.read(disc().primary(100, 2048)
                        .descriptor(255, "CD001")
                        .descriptor(0, "BEA01")
                        .descriptor(0, "NSR02")
                        .descriptor(0, "TEA01")
                        .source()))
                .isEqualTo(new VolumeRecognition(true, true));
    }

    @ParameterizedTest
    @CsvSource({"2048, NSR02", "2048, NSR03", "4096, NSR02", "4096, NSR03"})
    void udfAlone(int stepBytes, String nsr) throws Exception {
        assertThat(VolumeRecognition.read(new CraftedDisc(LENGTH, stepBytes)
                        .descriptor(0, "BEA01")
                        .descriptor(0, "BOOT2")
                        .descriptor(0, nsr)
                        .descriptor(0, "TEA01")
                        .source()))
                .isEqualTo(new VolumeRecognition(false, true));
    }

    @Test
    void udfNeedsItsFrame() throws Exception {
        assertThat(VolumeRecognition.read(disc().descriptor(0, "NSR03").source())
                        .isDisc())
                .isFalse();
        assertThat(VolumeRecognition.read(disc().descriptor(0, "BEA01")
                                .descriptor(0, "TEA01")
                                .source())
                        .isDisc())
                .isFalse();
        assertThat(VolumeRecognition.read(disc().descriptor(0, "BEA01")
                                .descriptor(0, "XXXXX")
                                .descriptor(0, "XXXXX")
                                .descriptor(0, "NSR03")
                                .source())
                        .isDisc())
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 511, 32 * 1024, 32 * 1024 + 6, 32 * 1024 + 2047})
    void tooShortToBeADisc(int lengthBytes) throws Exception {
        assertThat(VolumeRecognition.read(
                                new MemoryByteSource(disc().primary(1, 2048).bytes(lengthBytes)))
                        .isDisc())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({"101, 2048, 206848", "-1, 2048, 8796093020160", "201, 1024, 205824", "401, 512, 205312"})
    void cutShort(int blocks, int blockBytes, long volumeBytes) {
        assertThatThrownBy(() -> VolumeRecognition.read(
                        disc().primary(blocks, blockBytes).source()))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessage("iso: the file is cut short: the volume has %d bytes, but the file only 204800"
                        .formatted(volumeBytes)
                        .concat(" (at offset 0x8050)"))
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo(32_768L + 80);
    }

    @ParameterizedTest
    @CsvSource({"100, 2048", "200, 1024", "400, 512", "1, 2048", "0, 2048"})
    void complete(int blocks, int blockBytes) throws Exception {
        assertThat(VolumeRecognition.read(disc().primary(blocks, blockBytes).source())
                        .iso9660())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4096, 65_535})
    void oddBlocks(int blockBytes) {
        assertThatThrownBy(() ->
                        VolumeRecognition.read(disc().primary(1, blockBytes).source()))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageContaining("blocks of %d bytes", blockBytes);
    }

    @Test
    void noPrimaryDescriptor() {
        assertThatThrownBy(() ->
                        VolumeRecognition.read(disc().descriptor(255, "CD001").source()))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("no primary volume descriptor");
    }

    @Test
    void endlessDescriptorsAreNotFollowed() throws Exception {
        CraftedDisc disc = new CraftedDisc(4 << 20, 2048);
        for (int i = 0; i < IsoFormat.MAX_DESCRIPTORS; i++) {
            disc.primary(1, 2048);
        }
        // Beyond the last that is looked at: this one would be refused.
        disc.primary(-1, 2048);
        assertThat(VolumeRecognition.read(disc.source()).iso9660()).isTrue();
    }

    private static CraftedDisc disc() {
        return new CraftedDisc(LENGTH, 2048);
    }
}
