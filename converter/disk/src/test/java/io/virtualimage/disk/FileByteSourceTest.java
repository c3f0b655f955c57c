package io.virtualimage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileByteSourceTest extends ByteSourceContract {
    private static final int HOLE_BYTES = 1 << 20;

    @TempDir
    Path directory;

    private final List<FileByteSource> opened = new ArrayList<>();

    @Override
    protected ByteSource sourceOf(byte[] bytes) throws IOException {
        FileByteSource source = FileByteSource.open(Files.write(directory.resolve("source"), bytes));
        opened.add(source);
        return source;
    }

    @AfterEach
    void close() throws IOException {
        for (FileByteSource source : opened) {
            source.close();
        }
    }

    @Test
    void saysWhenTheFileShrank() throws IOException {
        ByteSource source = sourceOf(new byte[10]);
        Files.write(directory.resolve("source"), new byte[4]);
        assertThatThrownBy(() -> source.read(2, 4))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("before offset 4");
    }

    @Test
    void knowsHoles() throws IOException {
        Path file = directory.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(3 * HOLE_BYTES + 1000);
            sparse.seek(HOLE_BYTES);
            sparse.write(new byte[HOLE_BYTES]);
            sparse.seek(3 * HOLE_BYTES);
            sparse.write(1);
        }
        FileByteSource source = open(file);
        assertThat(source.knownZeroBytes(0, Long.MAX_VALUE)).isEqualTo(HOLE_BYTES);
        assertThat(source.knownZeroBytes(5, Long.MAX_VALUE)).isEqualTo(HOLE_BYTES - 5);
        assertThat(source.knownZeroBytes(5, 7)).isEqualTo(7);
        assertThat(source.bytesBeforeKnownZeros(5, 7)).isZero();
        assertThat(source.knownZeroBytes(HOLE_BYTES, 7)).as("written zeros").isZero();
        assertThat(source.bytesBeforeKnownZeros(HOLE_BYTES + 5, Long.MAX_VALUE)).isEqualTo(HOLE_BYTES - 5);
        assertThat(source.bytesBeforeKnownZeros(HOLE_BYTES + 5, 7)).isEqualTo(7);
        assertThat(source.knownZeroBytes(2 * HOLE_BYTES, Long.MAX_VALUE)).isEqualTo(HOLE_BYTES);
        assertThat(source.knownZeroBytes(3 * HOLE_BYTES, Long.MAX_VALUE)).isZero();
        assertThat(source.allocatedBytes()).hasValue(HOLE_BYTES + 4096);
    }

    @Test
    void knowsAHoleAtTheEnd() throws IOException {
        Path file = directory.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.write(new byte[4096]);
            sparse.setLength(HOLE_BYTES);
        }
        FileByteSource source = open(file);
        assertThat(source.knownZeroBytes(4096, Long.MAX_VALUE)).isEqualTo(HOLE_BYTES - 4096);
        assertThat(source.knownZeroBytes(HOLE_BYTES - 1, Long.MAX_VALUE)).isEqualTo(1);
        assertThat(source.knownZeroBytes(HOLE_BYTES, Long.MAX_VALUE)).isZero();
        assertThat(source.knownZeroBytes(HOLE_BYTES + 1, Long.MAX_VALUE)).isZero();
    }

    /** Another file of the same name has other holes. */
    @Test
    void knowsNothingOfAFileThatHasLostItsName() throws IOException {
        Path file = Files.write(directory.resolve("data"), new byte[HOLE_BYTES]);
        FileByteSource source = open(file);
        Path other = directory.resolve("other");
        try (RandomAccessFile sparse = new RandomAccessFile(other.toFile(), "rw")) {
            sparse.setLength(HOLE_BYTES);
        }
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(source.knownZeroBytes(0, 7)).isZero();
        assertThat(source.bytesBeforeKnownZeros(0, 7)).isEqualTo(7);
    }

    @Test
    void knowsNothingWhenItIsClosed() throws IOException {
        Path file = directory.resolve("sparse");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(HOLE_BYTES);
        }
        FileByteSource source = open(file);
        assertThat(source.knownZeroBytes(0, 7)).isEqualTo(7);
        source.close();
        assertThat(source.knownZeroBytes(0, 7)).isZero();
    }

    private FileByteSource open(Path file) throws IOException {
        FileByteSource source = FileByteSource.open(file);
        opened.add(source);
        return source;
    }

    @Test
    void missingFile() {
        assertThatThrownBy(() -> FileByteSource.open(directory.resolve("none")).close())
                .isInstanceOf(NoSuchFileException.class);
    }
}
