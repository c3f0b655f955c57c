package io.virtualimage.stage.staging;

import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectsArgs;
import io.minio.Result;
import io.minio.StatObjectArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.DeleteRequest;
import io.minio.messages.DeleteResult;
import io.minio.messages.Item;
import io.virtualimage.topics.Incarnation;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/**
 * Staging in one bucket of an S3-compatible store. Segments are written through a presigned URL, because the client's
 * own {@code putObject} reads the body twice to checksum it; the trailer carries a checksum already.
 */
public final class S3StagingStore implements StagingStore, AutoCloseable {
    private static final MediaType BYTES = MediaType.get("application/octet-stream");
    private static final int URL_LIFE_MINUTES = 30;

    /** A document of an error is read no further. */
    private static final int MOST_ERROR_BYTES = 4 << 10;

    private static final Pattern ERROR_CODE = Pattern.compile("<Code>([A-Za-z0-9.]{1,64})</Code>");

    private final MinioClient client;
    private final OkHttpClient http;
    private final String bucket;

    private S3StagingStore(MinioClient client, OkHttpClient http, String bucket) {
        this.client = client;
        this.http = http;
        this.bucket = bucket;
    }

    /** A store that makes its bucket on first use of {@link #ensureBucket}. Connects to nothing yet. */
    public static S3StagingStore connect(URI endpoint, String accessKey, String secretKey, String bucket) {
        OkHttpClient http = new OkHttpClient.Builder()
                .connectTimeout(Duration.ofSeconds(10))
                .readTimeout(Duration.ofSeconds(60))
                .writeTimeout(Duration.ofSeconds(60))
                .followRedirects(false)
                .build();
        MinioClient client = MinioClient.builder()
                .endpoint(endpoint.toString())
                .region("us-east-1")
                .credentials(accessKey, secretKey)
                .httpClient(http)
                .build();
        return new S3StagingStore(client, http, bucket);
    }

    /** Makes the bucket if it isn't there. */
    public void ensureBucket() throws StagingUnavailableException, InterruptedException {
        call("make the bucket", () -> {
            BucketExistsArgs exists = BucketExistsArgs.builder().bucket(bucket).build();
            if (!client.bucketExists(exists)) {
                try {
                    client.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
                } catch (MinioException e) {
                    if (!client.bucketExists(exists)) { // else somebody else made it meanwhile
                        throw e;
                    }
                }
            }
            return bucket;
        });
    }

    @Override
    public Optional<SegmentFacts> put(
            SegmentKey key, @Nullable String session, int lengthBytes, InputStream body, Overwrite overwrite)
            throws IOException, StagingUnavailableException, InterruptedException {
        MeasuredBody measured = new MeasuredBody(body, lengthBytes);
        boolean more = measured.next();
        while (more && measured.zero()) {
            more = measured.next();
        }
        if (!more) {
            return Optional.of(measured.facts(session));
        }
        SegmentUpload upload = new SegmentUpload(measured, session, lengthBytes);
        Request.Builder request = new Request.Builder()
                .url(presigned(Http.Method.PUT, key.objectName()))
                .put(upload);
        if (overwrite == Overwrite.REFUSE) {
            request.header("If-None-Match", "*");
        }
        try (Response response = http.newCall(request.build()).execute()) {
            return switch (response.code()) {
                case 200 -> Optional.of(measured.facts(session));
                case 409, 412 -> Optional.empty();
                default -> throw new IOException(refusal(response));
            };
        } catch (IOException e) {
            throwIfInterrupted();
            IOException fromBody = measured.failure();
            if (fromBody != null) {
                throw fromBody;
            }
            throw unavailable("stage " + key.objectName(), e);
        }
    }

    /** The status and S3's code: the rest of the document quotes keys and what was signed. */
    private static String refusal(Response response) throws IOException {
        String document = new String(response.body().byteStream().readNBytes(MOST_ERROR_BYTES), StandardCharsets.UTF_8);
        Matcher code = ERROR_CODE.matcher(document);
        return code.find() ? response.code() + " " + code.group(1) : "the status " + response.code();
    }

    /** Sends the leading zeros that were already read, the rest of the body, and the trailer. */
    private static final class SegmentUpload extends RequestBody {
        private final MeasuredBody measured;
        private final @Nullable String session;
        private final int lengthBytes;

        SegmentUpload(MeasuredBody measured, @Nullable String session, int lengthBytes) {
            this.measured = measured;
            this.session = session;
            this.lengthBytes = lengthBytes;
        }

        @Override
        public MediaType contentType() {
            return BYTES;
        }

        @Override
        public long contentLength() {
            return (long) lengthBytes + SegmentTrailer.lengthFor(lengthBytes);
        }

        @Override
        public boolean isOneShot() {
            return true;
        }

        @Override
        public void writeTo(BufferedSink sink) throws IOException {
            byte[] zeros = new byte[SegmentFacts.BLOCK_BYTES];
            int leading = measured.readBytes() - measured.blockLength();
            for (int sent = 0; sent < leading; sent += zeros.length) {
                sink.write(zeros, 0, Math.min(zeros.length, leading - sent));
            }
            do {
                sink.write(measured.block(), 0, measured.blockLength());
            } while (measured.next());
            sink.write(SegmentTrailer.encode(measured.facts(session)));
        }
    }

    @Override
    public Optional<SegmentFacts> facts(SegmentKey key) throws StagingUnavailableException, InterruptedException {
        return call("look at " + key.objectName(), () -> {
                    long size = client.statObject(StatObjectArgs.builder()
                                    .bucket(bucket)
                                    .object(key.objectName())
                                    .build())
                            .size();
                    int tail =
                            (int) Math.min(size, 1024 + SegmentTrailer.FIXED_BYTES); // enough for segments of 512 MiB
                    byte[] end;
                    try (InputStream in = client.getObject(GetObjectArgs.builder()
                            .bucket(bucket)
                            .object(key.objectName())
                            .offset(size - tail)
                            .length((long) tail)
                            .build())) {
                        end = in.readNBytes(tail);
                    }
                    return SegmentTrailer.segmentLength(end, end.length, size)
                            .map(length -> SegmentTrailer.decode(end, end.length, length));
                })
                .flatMap(found -> found);
    }

    @Override
    public byte[] read(SegmentKey key, @Nullable String session)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        byte[] object =
                get(key.objectName()).orElseThrow(() -> new SegmentLostException(key, "no object " + key.objectName()));
        int length = SegmentTrailer.segmentLength(object, object.length, object.length)
                .orElseThrow(() -> new SegmentLostException(key, key.objectName() + " has no trailer"));
        SegmentFacts facts = SegmentTrailer.decode(object, object.length, length);
        if (!Objects.equals(facts.session(), session)) {
            throw new SegmentLostException(key, key.objectName() + " is another stream's");
        }
        CRC32C crc = new CRC32C();
        crc.update(object, 0, length);
        if (crc.getValue() != facts.crc32c()) {
            throw new SegmentLostException(key, key.objectName() + " does not have its checksum");
        }
        return Arrays.copyOf(object, length);
    }

    private Optional<byte[]> get(String objectName) throws StagingUnavailableException, InterruptedException {
        return call("read " + objectName, () -> {
            try (GetObjectResponse in = client.getObject(
                    GetObjectArgs.builder().bucket(bucket).object(objectName).build())) {
                return in.readAllBytes();
            }
        });
    }

    @Override
    public void putDocument(Incarnation image, int epoch, String name, byte[] document)
            throws StagingUnavailableException, InterruptedException {
        call(
                "write " + name,
                () -> client.putObject(PutObjectArgs.builder()
                        .bucket(bucket)
                        .object(documentName(image, epoch, name))
                        .data(document, document.length)
                        .build()));
    }

    @Override
    public Optional<byte[]> getDocument(Incarnation image, int epoch, String name)
            throws StagingUnavailableException, InterruptedException {
        return get(documentName(image, epoch, name));
    }

    private static String documentName(Incarnation image, int epoch, String name) {
        return "%s/%s.%d/meta/%s".formatted(image.uid(), image.version(), epoch, name);
    }

    @Override
    public void clean(Incarnation image, boolean keepCurrent) throws StagingUnavailableException, InterruptedException {
        for (String folder : list(image.uid() + "/", false)) {
            StagedVersion version = StagedVersion.parse(folder);
            if (version != null && version.isCovered(image, keepCurrent)) {
                delete(list(folder, true));
            }
        }
    }

    @Override
    public List<String> stagedUids() throws StagingUnavailableException, InterruptedException {
        return list("", false).stream()
                .filter(name -> name.endsWith("/"))
                .map(name -> name.substring(0, name.length() - 1))
                .toList();
    }

    @Override
    public void cleanAll(String uid) throws StagingUnavailableException, InterruptedException {
        delete(list(uid + "/", true));
    }

    private List<String> list(String prefix, boolean recursive)
            throws StagingUnavailableException, InterruptedException {
        return call("list " + prefix, () -> {
                    List<String> names = new ArrayList<>();
                    for (Result<Item> item : client.listObjects(ListObjectsArgs.builder()
                            .bucket(bucket)
                            .prefix(prefix)
                            .recursive(recursive)
                            .build())) {
                        names.add(item.get().objectName());
                    }
                    return names;
                })
                .orElseGet(List::of);
    }

    private void delete(List<String> names) throws StagingUnavailableException, InterruptedException {
        if (names.isEmpty()) {
            return;
        }
        call("delete " + names.size() + " objects", () -> {
            for (Result<DeleteResult.Error> error : client.removeObjects(RemoveObjectsArgs.builder()
                    .bucket(bucket)
                    .objects(names.stream().map(DeleteRequest.Object::new).toList())
                    .build())) {
                throw new IOException(error.get().message());
            }
            return names;
        });
    }

    private String presigned(Http.Method method, String objectName)
            throws StagingUnavailableException, InterruptedException {
        return call(
                        "presign " + objectName,
                        () -> client.getPresignedObjectUrl(GetPresignedObjectUrlArgs.builder()
                                .method(method)
                                .bucket(bucket)
                                .object(objectName)
                                .expiry(URL_LIFE_MINUTES, TimeUnit.MINUTES)
                                .build()))
                .orElseThrow();
    }

    /** A call to the store. */
    private interface Call<T> {
        T run() throws MinioException, IOException;
    }

    /** Runs a call; empty if the store says that there is no such object. */
    private static <T> Optional<T> call(String what, Call<T> call)
            throws StagingUnavailableException, InterruptedException {
        try {
            return Optional.of(call.run());
        } catch (ErrorResponseException e) {
            String code = e.errorResponse().code();
            if ("NoSuchKey".equals(code) || "NoSuchObject".equals(code)) {
                return Optional.empty();
            }
            throw unavailable(what, e);
        } catch (MinioException | IOException e) {
            throwIfInterrupted();
            throw unavailable(what, e);
        } catch (IllegalStateException e) {
            // How the client passes on what its connection threw.
            if (!(e.getCause() instanceof IOException cause)) {
                throw e;
            }
            throwIfInterrupted();
            throw unavailable(what, cause);
        }
    }

    private static void throwIfInterrupted() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    private static StagingUnavailableException unavailable(String what, Exception e) {
        return new StagingUnavailableException("the object store could not " + what + ": " + e.getMessage(), e);
    }

    @Override
    public void close() {
        http.dispatcher().executorService().shutdown();
        http.connectionPool().evictAll();
    }
}
