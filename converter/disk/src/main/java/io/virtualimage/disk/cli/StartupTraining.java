package io.virtualimage.disk.cli;

import io.virtualimage.disk.qcow2.Qcow2Format;
import io.virtualimage.disk.sample.SampleImages;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Does once what {@code vdisk} can do, for a JVM that notes which classes that takes and how they are linked. */
final class StartupTraining {
    private static final int MIB = 1 << 20;

    private StartupTraining() {}

    /** @param arguments a folder for files */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        String image = folder.resolve("image.qcow2").toString();
        String raw = folder.resolve("image.raw").toString();
        String copy = folder.resolve("copy.qcow2").toString();
        SampleImages.writeQcow2(Path.of(image), 8 * MIB, 2 * MIB, 1);
        addExtension(Path.of(image));
        run("convert", image, raw);
        run("convert", "-O", "qcow2", raw, copy);
        run("compare", image, copy);
        for (String file : new String[] {image, raw}) {
            run("info", file);
            run("info", "--output=json", file);
            run("map", file);
            run("map", "--output=json", file);
        }
        run("--help");
    }

    /** Most images have header extensions. */
    private static void addExtension(Path image) throws IOException {
        try (FileChannel file = FileChannel.open(image, StandardOpenOption.WRITE)) {
            ByteBuffer extension = ByteBuffer.allocate(8).putInt(Qcow2Format.EXTENSION_FEATURE_NAMES);
            file.write(extension.clear(), Qcow2Format.HEADER_V3_BYTES);
        }
    }

    private static void run(String... arguments) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        int code = VdiskMain.run(arguments, nowhere, System.err);
        if (code != 0) {
            throw new IllegalStateException("vdisk %s ended with %d".formatted(String.join(" ", arguments), code));
        }
    }
}
