package io.virtualimage.disk.cli;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * How fast {@code vdisk} is beside {@code qemu-img}. The two take turns, so what the machine does besides meets both, and
 * all that is read stands in the page cache. Needs free memory for some three times the data.
 */
final class Bench {
    private static final int MIB = 1 << 20;
    private static final int RUNS = 5;
    private static final int SHORT_RUNS = 20;

    private final Path folder;
    private final Path vdisk;
    private final PrintStream out;

    private Bench(Path folder, Path vdisk, PrintStream out) {
        this.folder = folder;
        this.vdisk = vdisk;
        this.out = out;
    }

    /** @param arguments MiB of data, and a folder for the images; a temporary one if it is left out */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int mib = Integer.parseInt(arguments[0]);
        Path parent = Path.of(arguments.length > 1 ? arguments[1] : System.getProperty("java.io.tmpdir"));
        Path folder = Files.createTempDirectory(parent, "bench-disk");
        Path launcher = Path.of("converter/disk/bin/vdisk").toAbsolutePath();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
        new Bench(folder, launcher, System.out).run(mib);
    }

    private void run(int mib) throws IOException, InterruptedException {
        out.printf("%d MiB of data in %s, warm; seconds, least and median of %d runs in turn%n", mib, folder, RUNS);
        out.printf("%-36s %15s %15s %8s%n", "", "vdisk", "qemu-img", "ratio");
        String raw = file("data.raw");
        String qcow2 = file("data.qcow2");
        String zlib = file("zlib.qcow2");
        writeData(Path.of(raw), mib);
        call("qemu-img", "convert", "-W", "-m", "8", "-O", "qcow2", raw, qcow2);
        convert("raw to qcow2", raw, "qcow2");
        Files.delete(Path.of(raw)); // room for the page cache
        convert("qcow2 to raw", qcow2, "raw");
        call("qemu-img", "convert", "-W", "-m", "8", "-c", "-O", "qcow2", qcow2, zlib);
        compare("compare qcow2 and zlib", "compare", qcow2, zlib);
        Files.delete(Path.of(qcow2));
        convert("qcow2, zlib, to raw", zlib, "raw");
        Files.delete(Path.of(zlib));
        startUp();
        hugeDisk();
    }

    /** Half random, half as compressible as text, zeros in between. */
    private static void writeData(Path file, int mib) throws IOException {
        Random random = new Random(1);
        byte[] noise = new byte[8 * MIB];
        byte[] text = new byte[8 * MIB];
        random.nextBytes(noise);
        byte[] words = new byte[4096];
        for (int i = 0; i < words.length; i++) {
            words[i] = (byte) (random.nextInt(6) == 0 ? ' ' : 'a' + random.nextInt(26));
        }
        for (int i = 0; i < text.length; i += 16) {
            System.arraycopy(words, random.nextInt(words.length - 16), text, i, 16);
        }
        try (FileChannel target = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] chunk = new byte[MIB];
            for (int i = 0; i < mib; i++) {
                byte[] from = i / 8 % 2 == 0 ? noise : text; // or it would be taken for text
                System.arraycopy(from, random.nextInt(from.length - MIB), chunk, 0, MIB);
                if (i % 3 == 0) {
                    int start = random.nextInt(8) * 65536;
                    Arrays.fill(chunk, start, start + 4 * 65536, (byte) 0);
                }
                target.write(ByteBuffer.wrap(chunk));
            }
        }
    }

    private void convert(String what, String image, String format) throws IOException, InterruptedException {
        Path target = folder.resolve("target");
        List<String> ours = List.of(vdisk.toString(), "convert", "-O", format, image, target.toString());
        List<String> theirs = List.of("qemu-img", "convert", "-W", "-m", "8", "-O", format, image, target.toString());
        race(what, RUNS, ours, theirs, target);
    }

    private void compare(String what, String... arguments) throws IOException, InterruptedException {
        List<String> ours = new ArrayList<>(List.of(vdisk.toString()));
        List<String> theirs = new ArrayList<>(List.of("qemu-img"));
        ours.addAll(List.of(arguments));
        theirs.addAll(List.of(arguments));
        race(what, RUNS, ours, theirs, folder.resolve("target"));
    }

    /** Beside a JVM that does nothing. */
    private void startUp() throws IOException, InterruptedException {
        String image = file("small.qcow2");
        call("qemu-img", "create", "-q", "-f", "qcow2", image, "10G");
        Path empty = folder.resolve("Empty.java");
        Files.writeString(empty, "public class Empty { public static void main(String[] arguments) {} }");
        String jdk = System.getProperty("java.home");
        call(jdk + "/bin/javac", "-d", folder.toString(), empty.toString());
        List<String> ours = List.of(vdisk.toString(), "info", image);
        List<String> jvm = List.of(
                jdk + "/bin/java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", folder.toString(), "Empty");
        out.printf("%-36s %15s %15s %8s%n", "", "vdisk", "empty JVM", "beyond");
        double[] times = new double[SHORT_RUNS];
        double[] others = new double[SHORT_RUNS];
        time(ours);
        time(jvm);
        for (int i = 0; i < SHORT_RUNS; i++) {
            times[i] = time(ours);
            others[i] = time(jvm);
        }
        Arrays.sort(times);
        Arrays.sort(others);
        out.printf(
                "%-36s %7.3f %7.3f %7.3f %7.3f %5.0f ms%n",
                "info",
                times[0],
                median(times),
                others[0],
                median(others),
                (median(times) - median(others)) * TimeUnit.SECONDS.toMillis(1));
    }

    /** A disk of 10 TiB that is nearly empty, with the default memory of 128 MiB. */
    private void hugeDisk() throws IOException, InterruptedException {
        String image = file("huge.qcow2");
        call("qemu-img", "create", "-q", "-f", "qcow2", image, "10T");
        call("qemu-io", "-c", "write -P 1 1T 64M", "-c", "write -P 2 9T 64M", image);
        out.printf("%-36s %15s %15s %8s%n", "", "vdisk", "qemu-img", "ratio");
        Path target = folder.resolve("target");
        for (String command : new String[] {"info", "map"}) {
            race(
                    command + ", disk of 10 TiB",
                    RUNS,
                    List.of(vdisk.toString(), command, image),
                    List.of("qemu-img", command, image),
                    target);
        }
        convert("to qcow2, disk of 10 TiB", image, "qcow2");
        convert("to raw, disk of 10 TiB", image, "raw");
    }

    private void race(String what, int runs, List<String> ours, List<String> theirs, Path target)
            throws IOException, InterruptedException {
        double[] times = new double[runs];
        double[] others = new double[runs];
        double[] ratios = new double[runs];
        for (int i = -1; i < runs; i++) {
            double one = time(ours);
            Files.deleteIfExists(target);
            double other = time(theirs);
            Files.deleteIfExists(target);
            if (i >= 0) { // the first are for warming up
                times[i] = one;
                others[i] = other;
                ratios[i] = other / one;
            }
        }
        for (double[] all : new double[][] {times, others, ratios}) {
            Arrays.sort(all);
        }
        out.printf(
                "%-36s %7.2f %7.2f %7.2f %7.2f %7.2f x as fast (median of pairs; %.2f to %.2f)%n",
                what, times[0], median(times), others[0], median(others), median(ratios), ratios[0], ratios[runs - 1]);
        out.flush();
    }

    private static double median(double[] sorted) {
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static double time(List<String> command) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        call(command.toArray(String[]::new));
        return (System.nanoTime() - begun) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    private static void call(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed: " + said);
        }
    }

    private String file(String name) {
        return folder + File.separator + name;
    }

    private static void delete(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            System.err.println(folder + " is left: " + e.getMessage());
        }
    }
}
