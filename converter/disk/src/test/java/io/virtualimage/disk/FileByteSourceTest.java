package io.virtualimage.disk;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileByteSourceTest extends ByteSourceContract {
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
    void missingFile() {
        assertThatThrownBy(() -> FileByteSource.open(directory.resolve("none")).close())
                .isInstanceOf(NoSuchFileException.class);
    }
}
