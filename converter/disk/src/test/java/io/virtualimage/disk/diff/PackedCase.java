package io.virtualimage.disk.diff;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.inspect.DiskInspector;
import io.virtualimage.disk.wrapper.UnpackLimits;
import io.virtualimage.disk.wrapper.UnpackedStream;
import io.virtualimage.disk.wrapper.Wrapper;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** An image that is packed by a program, unpacked by us, and then the same file, and the same disk. */
final class PackedCase {
    private static final int WORKERS = 2;

    private final DiffFormat format;
    private final Packer packer;
    private final long seed;
    private final Workshop workshop;

    PackedCase(DiffFormat format, Packer packer, long seed, Path folder) {
        this.format = format;
        this.packer = packer;
        this.seed = seed;
        this.workshop = new Workshop(folder);
    }

    void run() throws Exception {
        new ImageMaker(new Random(seed), workshop).make(format);
        workshop.make(packer.program(), "-q", "-k", "-f", Workshop.IMAGE);
        Path packed = workshop.folder()
                .resolve(Workshop.IMAGE + "." + packer.wrapper().wireName());
        Path unpacked = workshop.folder().resolve("unpacked");
        // Images of test patterns pack much better than those of life.
        UnpackLimits limits = new UnpackLimits(1L << 40, 1 << 20, 80 << 20, 8 << 20);
        try (FileByteSource source = FileByteSource.open(packed)) {
            assertThat(Wrapper.of(source.read(0, (int) Math.min(source.lengthBytes(), Wrapper.HEAD_BYTES))))
                    .contains(packer.wrapper());
            try (InputStream stream = UnpackedStream.of(source, packer.wrapper(), limits, WORKERS)) {
                Files.copy(stream, unpacked);
            }
        }
        assertThat(Files.mismatch(unpacked, workshop.image()))
                .as(workshop.recipe())
                .isEqualTo(-1);
        try (FileByteSource image = FileByteSource.open(unpacked)) {
            VirtualDisk disk = DiskInspector.open(image, ReadLimits.DEFAULT);
            assertThat(disk.info().format()).isEqualTo(format.format());
            assertThat(disk.info().virtualSizeBytes()).isEqualTo(workshop.virtualSize(format.qemuName()));
        }
    }
}
