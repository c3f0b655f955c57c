package io.virtualimage.disk.fuzz;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.inspect.DiskInspector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The inspector, and whichever reader it chooses. Inputs are files as they are. */
record InspectorSubject() implements Subject {
    @Override
    public void read(byte[] input) throws IOException, DiskException {
        MemoryByteSource image = new MemoryByteSource(input);
        new DiskExercise(DiskInspector.open(image, DiskSubject.LIMITS), DiskInspector.open(image, DiskSubject.LIMITS))
                .run();
    }

    @Override
    public void writeFile(byte[] input, Path file) throws IOException {
        Files.write(file, input);
    }

    @Override
    public byte[] inputOf(Path file) throws IOException {
        return Files.readAllBytes(file);
    }
}
