package io.virtualimage.sandbox.components;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** One etcd member beside this JVM, for kube-apiserver. Doesn't wait for the disk, so a power cut may spoil its data. */
final class Etcd implements RunningComponent {

    private final LocalProcess process;
    private final URI endpoint;
    private final String description;

    private Etcd(LocalProcess process, URI endpoint, String description) {
        this.process = process;
        this.endpoint = endpoint;
        this.description = description;
    }

    static Etcd start(Path directory) {
        Path program = Component.ETCD.program();
        Ports ports = new Ports(directory);
        String client = "http://127.0.0.1:" + ports.port("etcd");
        String peer = "http://127.0.0.1:" + ports.port("etcd-peer");
        LocalProcess process = LocalProcess.start(new LocalProcess.Program(
                        "etcd",
                        directory.resolve("etcd.log"),
                        List.of(
                                program.toString(),
                                "--name=sandbox",
                                "--data-dir=" + directory.resolve("etcd"),
                                "--listen-client-urls=" + client,
                                "--advertise-client-urls=" + client,
                                "--listen-peer-urls=" + peer,
                                "--initial-advertise-peer-urls=" + peer,
                                "--initial-cluster=sandbox=" + peer,
                                "--unsafe-no-fsync",
                                "--log-level=warn")))
                .awaitReady(Readiness.http(URI.create(client + "/health")), Duration.ofMinutes(1));
        return new Etcd(process, URI.create(client), "etcd " + Component.ETCD.versionOf(program));
    }

    URI endpoint() {
        return endpoint;
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public void close() {
        process.close();
    }
}
