package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;

import io.minio.BucketExistsArgs;
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

    @Test
    void s3proxyKeepsWhatWasPut(S3ProxyStore store) throws Exception {
        String bucket = newBucket(store);
        put(store, bucket, "a/b/00000001", "bytes");

        assertThat(get(store, bucket, "a/b/00000001")).isEqualTo("bytes");
    }

    @Test
    void s3proxyInMemoryKeepsWhatWasPut(UsedComponents used) throws Exception {
        try (ObjectStore store = used.add(S3ProxyStore.inMemory())) {
            String bucket = newBucket(store);
            put(store, bucket, "key", "bytes");

            assertThat(get(store, bucket, "key")).isEqualTo("bytes");
        }
    }

    @Test
    void s3proxyKeepsObjectsAndEndpointOverARestart(@TempDir Path directory, UsedComponents used) throws Exception {
        String bucket;
        ObjectStore first = used.add(S3ProxyStore.start(directory));
        try (first) {
            bucket = newBucket(first);
            put(first, bucket, "key", "bytes");
        }
        try (ObjectStore second = S3ProxyStore.start(directory)) {
            assertThat(second.endpoint()).isEqualTo(first.endpoint());
            assertThat(get(second, bucket, "key")).isEqualTo("bytes");
        }
    }

    @Test
    void minioKeepsWhatWasPut(MinioServer store) throws Exception {
        String bucket = newBucket(store);
        put(store, bucket, "a/b/00000001", "bytes");

        assertThat(get(store, bucket, "a/b/00000001")).isEqualTo("bytes");
    }

    private static MinioClient client(ObjectStore store) {
        return MinioClient.builder()
                .endpoint(store.endpoint().toString())
                .region(store.region())
                .credentials(store.accessKey(), store.secretKey())
                .build();
    }

    private static String newBucket(ObjectStore store) throws Exception {
        String bucket = "it-" + UUID.randomUUID();
        try (MinioClient client = client(store)) {
            client.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
            assertThat(client.bucketExists(
                            BucketExistsArgs.builder().bucket(bucket).build()))
                    .isTrue();
        }
        return bucket;
    }

    private static void put(ObjectStore store, String bucket, String key, String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (MinioClient client = client(store)) {
            client.putObject(PutObjectArgs.builder().bucket(bucket).object(key).stream(
                            new ByteArrayInputStream(bytes), (long) bytes.length, -1L)
                    .build());
        }
    }

    private static String get(ObjectStore store, String bucket, String key) throws Exception {
        try (MinioClient client = client(store);
                InputStream in = client.getObject(
                        GetObjectArgs.builder().bucket(bucket).object(key).build())) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
