package io.virtualimage.disk.fuzz;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.inspect.DiskInspector;
import java.io.IOException;
import java.nio.file.Path;

/** The reader of a disk format. Inputs have the form of {@link SparseImage}; those of other formats are left alone. */
record DiskSubject(DiskFormat format, Repair repair) implements Subject {
    /** The least that a reader must do with, so that it throws cached pieces away. */
    static final ReadLimits LIMITS = new ReadLimits(64 << 10);

    /** Makes an image's checksums right, so that more than the check of checksums is fuzzed. */
    interface Repair {
        void apply(SparseImage image) throws IOException;
    }

    @Override
    public void read(byte[] input) throws IOException, DiskException {
        SparseImage image = image(input);
        VirtualDisk disk = DiskInspector.open(image, LIMITS);
        if (disk.info().format() == format) {
            new DiskExercise(disk, DiskInspector.open(image, LIMITS)).run();
        }
    }

    @Override
    public void writeFile(byte[] input, Path file) throws IOException {
        image(input).writeTo(file);
    }

    @Override
    public byte[] inputOf(Path file) throws IOException {
        try (FileByteSource source = FileByteSource.open(file)) {
            return SparseImage.encode(source);
        }
    }

    private SparseImage image(byte[] input) throws IOException {
        SparseImage image = SparseImage.decode(input);
        if (image.hasChecksumsMadeRight()) {
            repair.apply(image);
        }
        return image;
    }
}
