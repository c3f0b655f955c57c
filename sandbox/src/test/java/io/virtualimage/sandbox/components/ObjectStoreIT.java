package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;

import io.minio.GetObjectArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Components.class)
@SuppressWarnings("try") // the client's close() may throw InterruptedException
class ObjectStoreIT {

    private static final byte[] CONTENT = "bytes".getBytes(StandardCharsets.UTF_8);

    @Test
    void s3proxyKeepsWhatWasPut(S3ProxyStore store) throws Exception {
        keepsWhatWasPut(store);
    }

    @Test
    void s3proxyInMemoryKeepsWhatWasPut(UsedComponents used) throws Exception {
        try (ObjectStore store = used.add(S3ProxyStore.inMemory())) {
            keepsWhatWasPut(store);
        }
    }

    @Test
    void minioKeepsWhatWasPut(MinioServer store) throws Exception {
        keepsWhatWasPut(store);
    }

    @Test
    void s3proxyKeepsObjectsAndEndpointOverARestart(@TempDir Path directory, UsedComponents used) throws Exception {
        try (ObjectStore store = used.add(S3ProxyStore.start(directory));
                MinioClient client = client(store)) {
            client.makeBucket(MakeBucketArgs.builder().bucket("kept").build());
            put(client, "kept", "key");
        }
        try (ObjectStore store = S3ProxyStore.start(directory);
                MinioClient client = client(store)) {
            assertThat(get(client, "kept", "key")).isEqualTo(CONTENT);
        }
    }

    private static void keepsWhatWasPut(ObjectStore store) throws Exception {
        String bucket = "it-" + UUID.randomUUID();
        try (MinioClient client = client(store)) {
            client.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
            put(client, bucket, "a/b/00000001");

            assertThat(get(client, bucket, "a/b/00000001")).isEqualTo(CONTENT);
        }
    }

    private static MinioClient client(ObjectStore store) {
        return MinioClient.builder()
                .endpoint(store.endpoint().toString())
                .region(store.region())
                .credentials(store.accessKey(), store.secretKey())
                .build();
    }

    private static void put(MinioClient client, String bucket, String key) throws Exception {
        client.putObject(PutObjectArgs.builder().bucket(bucket).object(key).stream(
                        new ByteArrayInputStream(CONTENT), (long) CONTENT.length, -1L)
                .build());
    }

    private static byte[] get(MinioClient client, String bucket, String key) throws Exception {
        try (InputStream in = client.getObject(
                GetObjectArgs.builder().bucket(bucket).object(key).build())) {
            return in.readAllBytes();
        }
    }
}
