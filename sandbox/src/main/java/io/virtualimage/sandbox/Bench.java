package io.virtualimage.sandbox;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.sandbox.components.Nginx;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * How fast the pipeline is, beside what {@code curl} does with the same bytes, and what a kill costs. Every row compares
 * within one run, so the machine's own speed cancels out.
 */
public final class Bench {
    private static final long MIB = 1 << 20;
    private static final Duration READY_WITHIN = Duration.ofMinutes(10);

    private final Path directory;
    private final PrintStream out;

    private Bench(Path directory, PrintStream out) {
        this.directory = directory;
        this.out = out;
    }

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(".sandbox", "bench").toAbsolutePath();
        delete(directory);
        int code = 1;
        try {
            new Bench(directory, System.out).run();
            code = 0;
        } finally {
            System.out.flush();
            delete(directory);
            System.exit(code); // the broker leaves threads behind
        }
    }

    private void run() throws Exception {
        Path files = Files.createDirectories(directory.resolve("files"));
        SampleImages.writeQcow2(files.resolve("slow.qcow2"), 1024 * MIB, 320 * MIB, 1);
        SampleImages.writeQcow2(files.resolve("plain.qcow2"), 2048 * MIB, 1024 * MIB, 2);
        SandboxOptions options = SandboxOptions.in(directory.resolve("sandbox"))
                .with(Service.FETCHER, 3)
                .with(Service.PUBLISHER, 1);
        try (Sandbox sandbox = Sandbox.start(options);
                Images images = new Images(sandbox.kubeconfig(), "default");
                Nginx slow = Nginx.start(directory.resolve("nginx-slow"), files, "limit_rate 10m;");
                Nginx plain = Nginx.start(directory.resolve("nginx"), files, "")) {
            out.println("Components: " + String.join(", ", sandbox.describeComponents()) + ", " + plain.describe());
            out.println("Services: 3 fetcher processes, 1 publisher process, the others in one JVM; all on loopback");
            out.println();
            out.printf("%-52s %10s %10s %8s%n", "", "ours", "curl", "ratio");
            warmUp(images, plain, files);
            limitedPerConnection(images, slow);
            intoTheRegistry(sandbox, images, plain, files.resolve("plain.qcow2"));
            imageOfImage(images, plain, files);
            killAtHalfWay(sandbox, images, slow, Files.size(files.resolve("slow.qcow2")));
        }
    }

    /** A JVM's first image is compiled while it runs; a service lives longer than that. */
    private static void warmUp(Images images, Nginx plain, Path files) throws IOException {
        SampleImages.writeQcow2(files.resolve("warm.qcow2"), 256 * MIB, 128 * MIB, 3);
        timeToReady(images, "warm", plain.uri("warm.qcow2"));
    }

    private void limitedPerConnection(Images images, Nginx slow) throws Exception {
        double curl =
                time("curl", "-sSf", "-o", "/dev/null", slow.uri("slow.qcow2").toString());
        double ours = timeToReady(images, "limited", slow.uri("slow.qcow2"));
        row("qcow2 320 MiB, 10 MiB/s per connection, to Ready", ours, curl, "x as fast");
    }

    private void intoTheRegistry(Sandbox sandbox, Images images, Nginx plain, Path file) throws Exception {
        double ours = timeToReady(images, "plain", plain.uri("plain.qcow2"));
        String digest = "sha256:" + sha256(file);
        String registry = sandbox.value("REGISTRY_URL");
        String script = """
                set -eu
                begun=$(curl -sSf -X POST -D - -o /dev/null "%1$s/v2/bench/curl/blobs/uploads/" \\
                  | tr -d '\\r' | sed -n 's/^[Ll]ocation: //p')
                curl -sSf "%2$s" | curl -sSf -X PATCH -H 'Content-Type: application/octet-stream' -D %3$s -o /dev/null \\
                  -T - "$begun"
                next=$(tr -d '\\r' < %3$s | sed -n 's/^[Ll]ocation: //p')
                case $next in *\\?*) mark='&' ;; *) mark='?' ;; esac
                curl -sSf -X PUT -o /dev/null "$next${mark}digest=%4$s"
                """.formatted(registry, plain.uri("plain.qcow2"), directory.resolve("curl.headers"), digest);
        double curl = time("sh", "-c", script);
        row("qcow2 1 GiB, source to registry, to Ready", ours, curl, "x as fast");
    }

    /** Moves no bytes: the one thing here that must not take longer when the image is larger. */
    private void imageOfImage(Images images, Nginx plain, Path files) throws IOException {
        SampleImages.writeQcow2(files.resolve("large.qcow2"), 6144 * MIB, 5120 * MIB, 4);
        double imported = timeToReady(images, "large", plain.uri("large.qcow2"));
        Files.delete(files.resolve("large.qcow2"));
        long begun = System.nanoTime();
        images.apply("copy", new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, "large"));
        images.await("copy", Phase.READY, READY_WITHIN);
        double copied = seconds(begun);
        out.printf(
                "%-52s %8.1f s %20s%n",
                "image of an image of 5 GiB, to Ready", copied, "(its import %.1f s)".formatted(imported));
        out.flush();
    }

    private void killAtHalfWay(Sandbox sandbox, Images images, Nginx slow, long length) {
        long before = slow.bytesSent("slow.qcow2");
        images.apply("killed", slow.uri("slow.qcow2"), null);
        // The mean of what is fetched and what is pushed: half of the source, at the latest, when it is a half.
        images.await("killed", "a quarter", READY_WITHIN, image -> progress(image) >= 30);
        ServiceProcess victim = sandbox.processesOf(Service.FETCHER).getFirst();
        victim.kill();
        victim.restart();
        images.await("killed", Phase.READY, READY_WITHIN);
        long sent = slow.bytesSent("slow.qcow2") - before;
        out.printf(
                "%-52s %7.1f MiB %23s%n",
                "the same, a fetcher killed half way: served twice",
                Math.max(0, sent - length) / (double) MIB,
                "of %.0f MiB (%.1f %%)".formatted(length / (double) MIB, 100.0 * (sent - length) / length));
    }

    private static double progress(VirtualImage image) {
        var status = image.getStatus();
        String progress = status == null ? null : status.progress();
        return progress == null || progress.isEmpty() ? 0 : Double.parseDouble(progress.replace("%", ""));
    }

    private static double timeToReady(Images images, String name, URI url) {
        long begun = System.nanoTime();
        images.apply(name, url, null);
        images.await(name, Phase.READY, READY_WITHIN);
        return seconds(begun);
    }

    private static double time(String... command) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", List.of(command)) + " failed: " + said);
        }
        return seconds(begun);
    }

    private static double seconds(long begun) {
        return (System.nanoTime() - begun) / (double) TimeUnit.SECONDS.toNanos(1);
    }

    private void row(String what, double ours, double theirs, String unit) {
        out.printf("%-52s %8.1f s %8.1f s %8.2f %s%n", what, ours, theirs, theirs / ours, unit);
        out.flush();
    }

    private static String sha256(Path file) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
