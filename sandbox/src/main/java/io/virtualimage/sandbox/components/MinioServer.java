package io.virtualimage.sandbox.components;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A MinIO server beside this JVM. Objects and port stay in the directory. */
public final class MinioServer implements ObjectStore {

    private static final String ACCESS_KEY = "sandbox";
    private static final String SECRET_KEY = "sandbox-secret";

    private final LocalProcess process;
    private final URI endpoint;
    private final String description;

    private MinioServer(LocalProcess process, URI endpoint, String description) {
        this.process = process;
        this.endpoint = endpoint;
        this.description = description;
    }

    /** Starts it and returns when it is ready. */
    public static MinioServer start(Path directory) {
        Path program = Component.MINIO.program();
        String address = "127.0.0.1:" + new Ports(directory).port("s3");
        LocalProcess.Program minio = new LocalProcess.Program(
                        "minio",
                        directory.resolve("minio.log"),
                        List.of(
                                program.toString(),
                                "--quiet",
                                "--certs-dir",
                                directory.resolve("certs").toString(),
                                "server",
                                "--address",
                                address,
                                directory.resolve("data").toString()))
                .withEnvironment(Map.of(
                        "MINIO_ROOT_USER", ACCESS_KEY,
                        "MINIO_ROOT_PASSWORD", SECRET_KEY,
                        // Else it refuses a folder of the root disk.
                        "MINIO_CI_CD", "1",
                        "MINIO_BROWSER", "off",
                        "MINIO_UPDATE", "off"));
        LocalProcess process = LocalProcess.start(minio)
                .awaitReady(
                        Readiness.http(URI.create("http://" + address + "/minio/health/ready")), Duration.ofMinutes(1));
        return new MinioServer(process, URI.create("http://" + address), "minio " + Component.MINIO.versionOf(program));
    }

    @Override
    public URI endpoint() {
        return endpoint;
    }

    @Override
    public String accessKey() {
        return ACCESS_KEY;
    }

    @Override
    public String secretKey() {
        return SECRET_KEY;
    }

    /** The server's process, for tests that kill it. */
    public LocalProcess process() {
        return process;
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
