package io.virtualimage.sandbox;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.sandbox.components.ComponentException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Two images, from {@code kubectl apply} to {@code Ready}, as a user would see it. */
final class Demo {
    private static final Duration READY_WITHIN = Duration.ofMinutes(2);
    private static final long MIB = 1 << 20;

    private final Sandbox sandbox;
    private final PrintStream out;

    Demo(Sandbox sandbox, PrintStream out) {
        this.sandbox = sandbox;
        this.out = out;
    }

    /** Runs it; true if all images became {@code Ready}. */
    boolean run(Path directory) throws IOException {
        Path images = Files.createDirectories(directory.resolve("images"));
        SampleImages.writeQcow2(images.resolve("server.qcow2"), 1024 * MIB, 160 * MIB, 1);
        SampleImages.writeIso(images.resolve("installer.iso"), 48 * MIB, 2, "INSTALLER");
        Kubectl kubectl = new Kubectl(sandbox.kubeconfig());
        try (FileServer files = FileServer.start(images)) {
            Map<String, Path> manifests = new LinkedHashMap<>();
            manifests.put("ubuntu-22.04", manifest(directory, "ubuntu-22.04", files, "server.qcow2"));
            manifests.put("installer", manifest(directory, "installer", files, "installer.iso"));
            kubectl.run(
                    "delete", "vi", "--ignore-not-found", "--wait=true", "--timeout=60s", "ubuntu-22.04", "installer");
            out.println("$ cat " + manifests.get("ubuntu-22.04"));
            out.println(Files.readString(manifests.get("ubuntu-22.04")));
            out.println("$ kubectl apply -f " + directory.resolve("manifests"));
            boolean ready;
            out.print(kubectl.run("apply", "-f", directory.resolve("manifests").toString()));
            out.println();
            out.println("$ kubectl get vi -w");
            AutoCloseable watch = kubectl.follow(out, "get", "vi", "-w");
            try {
                ready = awaitReady(kubectl, List.copyOf(manifests.keySet()));
            } finally {
                close(watch);
            }
            out.println();
            out.println("$ kubectl describe vi ubuntu-22.04");
            out.println(kubectl.run("describe", "vi", "ubuntu-22.04"));
            if (!ready) {
                out.println("The images were not Ready within " + READY_WITHIN.toSeconds() + " s.");
            }
            return ready;
        }
    }

    private static Path manifest(Path directory, String name, FileServer files, String file) throws IOException {
        Path manifest = Files.createDirectories(directory.resolve("manifests")).resolve(name + ".yaml");
        Files.writeString(manifest, """
                apiVersion: virtualization.deckhouse.io/v1alpha2
                kind: VirtualImage
                metadata:
                  name: %s
                spec:
                  storage: ContainerRegistry
                  dataSource:
                    type: HTTP
                    http:
                      url: %s
                """.formatted(name, files.uri(file)));
        return manifest;
    }

    private static boolean awaitReady(Kubectl kubectl, List<String> names) {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        while (System.nanoTime() < deadline) {
            List<String> command = new ArrayList<>(List.of("get", "vi", "-o", "jsonpath={.items[*].status.phase}"));
            List<String> phases =
                    List.of(kubectl.run(command.toArray(String[]::new)).strip().split("\\s+", -1));
            if (phases.size() == names.size() && phases.stream().allMatch("Ready"::equals)) {
                return true;
            }
            if (phases.contains("Failed")) {
                return false;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(500);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return false;
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            throw new ComponentException("kubectl could not be stopped", e);
        }
    }
}
