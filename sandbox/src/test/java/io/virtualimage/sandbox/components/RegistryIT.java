package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Speaks the OCI distribution specification by hand. */
@ExtendWith(Components.class)
class RegistryIT {

    private static final String BLOB = "bytes of a layer";

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void answersAsARegistryDoes(Registry registry) throws Exception {
        HttpResponse<String> answer =
                send(HttpRequest.newBuilder(registry.endpoint().resolve("/v2/")));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Docker-Distribution-Api-Version"))
                .contains("registry/2.0");
    }

    @Test
    void keepsABlobOverARestartAndLogsAccesses(@TempDir Path directory, UsedComponents used) throws Exception {
        String digest = "sha256:"
                + HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(BLOB.getBytes(StandardCharsets.UTF_8)));
        String address;
        try (Registry registry = used.add(Registry.start(directory, Registry.Storage.FOLDER))) {
            address = registry.hostAndPort();
            HttpResponse<String> upload =
                    send(HttpRequest.newBuilder(registry.endpoint().resolve("/v2/it/blobs/uploads/"))
                            .POST(BodyPublishers.noBody()));
            assertThat(upload.statusCode()).isEqualTo(202);
            URI location = registry.endpoint()
                    .resolve(upload.headers().firstValue("Location").orElseThrow());
            HttpResponse<String> put = send(HttpRequest.newBuilder(URI.create(location + "&digest=" + digest))
                    .PUT(BodyPublishers.ofString(BLOB)));
            assertThat(put.statusCode()).isEqualTo(201);
            Awaitility.await()
                    .untilAsserted(() ->
                            assertThat(Files.readString(registry.accessLog())).contains("\"PUT /v2/it/blobs/uploads/"));
            registry.process().kill();
        }
        try (Registry registry = Registry.start(directory, Registry.Storage.FOLDER)) {
            assertThat(registry.hostAndPort()).isEqualTo(address);
            URI blob = registry.endpoint().resolve("/v2/it/blobs/" + digest);
            assertThat(send(HttpRequest.newBuilder(blob)).body()).isEqualTo(BLOB);
            assertThat(send(HttpRequest.newBuilder(blob).DELETE()).statusCode()).isEqualTo(202);
        }
    }

    @Test
    void anExistingOneIsLeftRunning(Registry registry) throws Exception {
        try (Registry existing = Registry.existing(registry.hostAndPort())) {
            assertThat(existing.describe()).contains(registry.hostAndPort());
        }
        assertThat(send(HttpRequest.newBuilder(registry.endpoint().resolve("/v2/")))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void keepsBlobsInMemoryToo(@TempDir Path directory, UsedComponents used) throws Exception {
        try (Registry registry = used.add(Registry.start(directory, Registry.Storage.MEMORY))) {
            assertThat(send(HttpRequest.newBuilder(registry.endpoint().resolve("/v2/")))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(directory.resolve("data")).doesNotExist();
        }
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return http.send(request.build(), BodyHandlers.ofString());
    }
}
