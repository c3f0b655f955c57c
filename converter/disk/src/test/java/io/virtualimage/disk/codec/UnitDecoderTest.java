package io.virtualimage.disk.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.Contents;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.content.DiskContent;
import io.virtualimage.disk.qcow2.Qcow2Disk;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitDecoderTest {
    @TempDir
    Path directory;

    /** With a last cluster that reaches over the end of the disk. */
    @ParameterizedTest
    @CsvSource({"zlib, 65536", "zstd, 65536", "zstd, 4096", "zstd, 2097152"})
    void clustersThatQemuImgCompressed(String compression, int clusterBytes) throws Exception {
        byte[] plain = Contents.disk(5_000 * 512, 1);
        Path raw = Files.write(directory.resolve("disk.raw"), plain);
        Path image = directory.resolve("disk.qcow2");
        String options = "compression_type=%s,cluster_size=%d".formatted(compression, clusterBytes);
        Program.qemuImg("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, raw, image);
        try (FileByteSource source = FileByteSource.open(image);
                DiskContent content = new DiskContent(Qcow2Disk.open(source, ReadLimits.DEFAULT))) {
            assertThat(content.read(0, plain.length).array()).isEqualTo(plain);
        }
    }

    @Test
    void offsetsAreThoseOfTheImage() {
        PackedUnit unit = new PackedUnit(PackedUnit.Codec.ZSTD, 700, 300, 512);
        try (UnitDecoder decoder = new UnitDecoder()) {
            assertThatThrownBy(
                            () -> decoder.decode(new MemoryByteSource(new byte[1000]), unit, ByteBuffer.allocate(512)))
                    .isInstanceOf(MalformedDiskException.class)
                    .hasMessage("zstd: there is no frame (at offset 0x2bc)");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "DEFLATE, 255, deflate: the compressed data are damaged",
        "ZLIB, 0, zlib: the compressed data are damaged"
    })
    void messagesNameTheCodec(PackedUnit.Codec codec, int filling, String message) {
        byte[] image = new byte[1000];
        Arrays.fill(image, (byte) filling);
        PackedUnit unit = new PackedUnit(codec, 700, 300, 512);
        try (UnitDecoder decoder = new UnitDecoder()) {
            assertThatThrownBy(() -> decoder.decode(new MemoryByteSource(image), unit, ByteBuffer.allocate(512)))
                    .isInstanceOf(MalformedDiskException.class)
                    .hasMessageStartingWith(message);
        }
    }
}
