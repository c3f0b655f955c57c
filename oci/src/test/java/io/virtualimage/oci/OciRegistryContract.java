package io.virtualimage.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.virtualimage.oci.RegistryException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What every {@link OciRegistry} does; run on the one in memory and on a real registry that allows deletion. */
public abstract class OciRegistryContract {

    private static final Digest NOWHERE = Digest.sha256("nowhere".getBytes(UTF_8));

    protected final Repository repository = fresh();

    /** The registry under test; the same one, or another client of the same, each time. */
    protected abstract OciRegistry registry();

    /** A repository that no other test uses. */
    protected static Repository fresh() {
        return new Repository("contract/" + UUID.randomUUID());
    }

    protected static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void isThere() throws RegistryException {
        registry().checkApi();
    }

    @Test
    void knowsNothingOfAnEmptyRepository() throws RegistryException {
        assertThat(registry().headBlob(repository, NOWHERE)).isEmpty();
        assertThat(registry().headManifest(repository, new Tag("none"))).isEmpty();
        assertThat(registry().headManifest(repository, NOWHERE)).isEmpty();
        assertThat(registry().listTags(repository)).isEmpty();
        assertFails(Reason.NOT_FOUND, () -> registry().openBlob(repository, NOWHERE, 0));
        assertFails(Reason.NOT_FOUND, () -> registry().getManifest(repository, new Tag("none")));
        registry().deleteManifest(repository, NOWHERE);
    }

    @Test
    void storesASmallBlobOnceAndAgain() throws RegistryException {
        byte[] content = "{}".getBytes(UTF_8);
        Digest digest = registry().pushBlob(repository, content);
        assertThat(digest).isEqualTo(Digest.sha256(content));
        assertThat(registry().pushBlob(repository, content)).isEqualTo(digest);
        assertThat(registry().headBlob(repository, digest)).hasValue(2);
        assertThat(registry().readBlob(repository, digest, 2)).isEqualTo(content);
        assertFails(Reason.PROTOCOL, () -> registry().readBlob(repository, digest, 1));
    }

    @Test
    void storesAnEmptyBlob() throws RegistryException {
        Digest digest = registry().pushBlob(repository, new byte[0]);
        assertThat(registry().headBlob(repository, digest)).hasValue(0);
    }

    @Test
    void opensABlobAnywhere() throws IOException {
        byte[] content = random(100_000);
        Digest digest = registry().pushBlob(repository, content);
        assertThat(read(digest, 0, Long.MAX_VALUE)).isEqualTo(content);
        assertThat(read(digest, 99_990, Long.MAX_VALUE)).isEqualTo(slice(content, 99_990, 100_000));
        assertThat(read(digest, 5, 10)).isEqualTo(slice(content, 5, 15));
        assertThat(read(digest, 0, 10)).isEqualTo(slice(content, 0, 10));
        assertThat(read(digest, 99_990, 1000)).isEqualTo(slice(content, 99_990, 100_000));
        assertThat(read(digest, 100_000, 10)).isEmpty();
        assertFails(Reason.PROTOCOL, () -> registry().openBlob(repository, digest, 100_001));
    }

    @Test
    void uploadsInChunksFromWhereItStands() throws IOException {
        byte[] content = random(300_000);
        UploadLocation first = registry().startUpload(repository);
        assertThat(offset(first)).isZero();
        UploadLocation second = registry().uploadChunk(first, 0, 100_000, part(content, 0, 100_000));
        UploadLocation third = registry().uploadChunk(second, 100_000, 50_000, part(content, 100_000, 150_000));
        assertThat(offset(third)).isEqualTo(150_000);

        // Another process knows an older location: it is told the newest, and goes on.
        UploadStatus status = registry().uploadStatus(first).orElseThrow();
        assertThat(status.offsetBytes()).isEqualTo(150_000);
        UploadLocation last =
                registry().uploadChunk(status.location(), 150_000, 150_000, part(content, 150_000, 300_000));
        Digest digest = Digest.sha256(content);
        assertThat(registry().headBlob(repository, digest)).isEmpty();
        registry().completeUpload(last, digest);
        assertThat(read(digest, 0, Long.MAX_VALUE)).isEqualTo(content);
        assertThat(registry().uploadStatus(last)).isEmpty();

        registry().completeUpload(last, digest);
        assertFails(Reason.UPLOAD_UNKNOWN, () -> registry().completeUpload(last, NOWHERE));
        assertFails(Reason.UPLOAD_UNKNOWN, () -> registry().uploadChunk(last, 300_000, 1, part(content, 0, 1)));
    }

    @Test
    void refusesAChunkThatIsOutOfStepAndWritesNothing() throws IOException {
        byte[] content = random(2_000_000);
        UploadLocation first = registry().startUpload(repository);
        UploadLocation second = registry().uploadChunk(first, 0, 1000, part(content, 0, 1000));
        assertFails(
                Reason.UPLOAD_OUT_OF_STEP,
                () -> registry().uploadChunk(second, 5000, 1_000_000, part(content, 0, 1_000_000)));
        assertFails(
                Reason.UPLOAD_OUT_OF_STEP,
                () -> registry().uploadChunk(first, 0, 1_000_000, part(content, 0, 1_000_000)));
        assertFails(
                Reason.UPLOAD_OUT_OF_STEP, () -> registry().uploadChunk(first, 1000, 1000, part(content, 1000, 2000)));
        assertFails(Reason.UPLOAD_OUT_OF_STEP, () -> registry().completeUpload(first, NOWHERE));
        assertThat(offset(second)).isEqualTo(1000);
        registry()
                .completeUpload(
                        registry().uploadChunk(second, 1000, 1_999_000, part(content, 1000, 2_000_000)),
                        Digest.sha256(content));
    }

    @Test
    void keepsWhatArrivedOfABrokenChunk() throws IOException {
        byte[] content = random(1_000_000);
        UploadLocation first = registry().startUpload(repository);
        IOException broken = new IOException("the staging store is away");
        assertThatThrownBy(() -> registry().uploadChunk(first, 0, 1_000_000, out -> {
                    out.write(content, 0, 654_321);
                    out.flush();
                    throw broken;
                }))
                .isSameAs(broken);
        await().until(() -> offset(first) == 654_321);
        UploadStatus status = registry().uploadStatus(first).orElseThrow();
        registry()
                .completeUpload(
                        registry().uploadChunk(status.location(), 654_321, 345_679, part(content, 654_321, 1_000_000)),
                        Digest.sha256(content));
        assertThat(registry().headBlob(repository, Digest.sha256(content))).hasValue(1_000_000);
    }

    @Test
    void takesNeitherTooFewNorTooManyBytes() throws IOException {
        UploadLocation location = registry().startUpload(repository);
        assertThatThrownBy(() -> registry().uploadChunk(location, 0, 10, ChunkBody.of(new byte[9])))
                .isInstanceOf(IllegalStateException.class);
        UploadLocation other = registry().startUpload(repository);
        assertThatThrownBy(() -> registry().uploadChunk(other, 0, 10, ChunkBody.of(new byte[11])))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void cannotTellAnUploadOfOneByteFromAnEmptyOne() throws IOException {
        byte[] content = random(3);
        UploadLocation second = registry().uploadChunk(registry().startUpload(repository), 0, 1, part(content, 0, 1));
        UploadStatus status = registry().uploadStatus(second).orElseThrow();
        assertThat(status.offsetBytes()).isZero();
        assertFails(
                Reason.UPLOAD_OUT_OF_STEP, () -> registry().uploadChunk(status.location(), 0, 3, part(content, 0, 3)));
        registry().completeUpload(registry().uploadChunk(second, 1, 2, part(content, 1, 3)), Digest.sha256(content));
    }

    @Test
    void refusesBytesOfAnotherDigest() throws IOException {
        byte[] content = random(1000);
        UploadLocation location =
                registry().uploadChunk(registry().startUpload(repository), 0, 1000, part(content, 0, 1000));
        assertFails(Reason.DIGEST_MISMATCH, () -> registry().completeUpload(location, NOWHERE));
        assertThat(registry().headBlob(repository, NOWHERE)).isEmpty();
        registry().cancelUpload(location);
        assertThat(registry().uploadStatus(location)).isEmpty();
    }

    @Test
    void cancelsAnUploadByAnyOfItsLocations() throws IOException {
        UploadLocation first = registry().startUpload(repository);
        UploadLocation second = registry().uploadChunk(first, 0, 3, ChunkBody.of(new byte[3]));
        registry().cancelUpload(first);
        assertThat(registry().uploadStatus(second)).isEmpty();
        registry().cancelUpload(second);
        assertFails(Reason.UPLOAD_UNKNOWN, () -> registry().uploadChunk(second, 3, 3, ChunkBody.of(new byte[3])));
    }

    @Test
    void mountsABlobOfAnotherRepository() throws RegistryException {
        Repository other = fresh();
        Digest digest = registry().pushBlob(other, random(1000));
        assertThat(registry().mountBlob(repository, digest, other)).isEqualTo(new BlobMount.Mounted());
        assertThat(registry().mountBlob(repository, digest, other)).isEqualTo(new BlobMount.Mounted());
        assertThat(registry().headBlob(repository, digest)).hasValue(1000);
    }

    @Test
    void beginsAnUploadWhereThereIsNothingToMount() throws RegistryException {
        BlobMount outcome = registry().mountBlob(repository, NOWHERE, fresh());
        assertThat(outcome)
                .isInstanceOfSatisfying(
                        BlobMount.UploadStarted.class,
                        started -> assertThat(offset(started.location())).isZero());
    }

    @Test
    void storesMovesAndDeletesManifests() throws RegistryException {
        byte[] first = manifest("1").toJson();
        byte[] second = manifest("2").toJson();
        Tag a = new Tag("a");
        Tag b = new Tag("b");
        Digest one = registry().putManifest(repository, a, first, MediaTypes.OCI_MANIFEST);
        assertThat(one).isEqualTo(Digest.sha256(first));
        assertThat(registry().putManifest(repository, b, first, MediaTypes.OCI_MANIFEST))
                .isEqualTo(one);
        Descriptor descriptor = Descriptor.of(MediaTypes.OCI_MANIFEST, first);
        assertThat(registry().headManifest(repository, a)).hasValue(descriptor);
        assertThat(registry().headManifest(repository, one)).hasValue(descriptor);
        FetchedManifest fetched = registry().getManifest(repository, a);
        assertThat(fetched.bytes()).isEqualTo(first);
        assertThat(fetched.descriptor()).isEqualTo(descriptor);
        assertThat(fetched.parse()).isEqualTo(manifest("1"));

        Digest two = registry().putManifest(repository, a, second, MediaTypes.OCI_MANIFEST);
        assertThat(registry().getManifest(repository, a).bytes()).isEqualTo(second);
        assertThat(registry().getManifest(repository, one).bytes()).isEqualTo(first);
        assertThat(registry().listTags(repository)).containsExactlyInAnyOrder(a, b);

        registry().deleteManifest(repository, two);
        registry().deleteManifest(repository, two);
        assertThat(registry().headManifest(repository, a)).isEmpty();
        assertThat(registry().headManifest(repository, two)).isEmpty();
        assertThat(registry().listTags(repository)).containsExactly(b);
    }

    @Test
    void refusesAManifestWithoutItsBlobsOrWithAnotherDigest() throws RegistryException {
        Descriptor nowhere = new Descriptor(MediaTypes.OCI_CONFIG, NOWHERE, 7);
        byte[] dangling = new ImageManifest(nowhere, List.of(), Map.of()).toJson();
        assertFails(
                Reason.BLOB_UNKNOWN,
                () -> registry().putManifest(repository, new Tag("a"), dangling, MediaTypes.OCI_MANIFEST));
        byte[] good = manifest("1").toJson();
        assertFails(
                Reason.DIGEST_MISMATCH,
                () -> registry().putManifest(repository, NOWHERE, good, MediaTypes.OCI_MANIFEST));
        assertThat(registry().putManifest(repository, Digest.sha256(good), good, MediaTypes.OCI_MANIFEST))
                .isEqualTo(Digest.sha256(good));
    }

    @Test
    void storesAnIndex() throws RegistryException {
        byte[] image = manifest("1").toJson();
        registry().putManifest(repository, Digest.sha256(image), image, MediaTypes.OCI_MANIFEST);
        Descriptor descriptor = new Descriptor(
                MediaTypes.OCI_MANIFEST, Digest.sha256(image), image.length, Platform.LINUX_AMD64, Map.of());
        ImageIndex index = new ImageIndex(MediaTypes.OCI_INDEX, List.of(descriptor), Map.of());
        registry().putManifest(repository, Tag.LATEST, index.toJson(), MediaTypes.OCI_INDEX);
        Manifest read = registry().getManifest(repository, Tag.LATEST).parse();
        assertThat(read)
                .isInstanceOfSatisfying(
                        ImageIndex.class,
                        found -> assertThat(found.forPlatform(Platform.LINUX_AMD64))
                                .hasValue(descriptor));
    }

    private ImageManifest manifest(String incarnation) throws RegistryException {
        byte[] config = new ImageConfig("amd64", "linux", Map.of(), List.of()).toJson();
        registry().pushBlob(repository, config);
        return new ImageManifest(
                Descriptor.of(MediaTypes.OCI_CONFIG, config), List.of(), Map.of("incarnation", incarnation));
    }

    private long offset(UploadLocation location) {
        try {
            Optional<UploadStatus> status = registry().uploadStatus(location);
            return status.orElseThrow().offsetBytes();
        } catch (RegistryException e) {
            throw new AssertionError(e);
        }
    }

    private byte[] read(Digest digest, long offset, long length) throws IOException {
        try (InputStream in = registry().openBlob(repository, digest, offset, length)) {
            return in.readAllBytes();
        }
    }

    private static ChunkBody part(byte[] content, int from, int to) {
        return out -> out.write(content, from, to - from);
    }

    private static byte[] slice(byte[] content, int from, int to) {
        return Arrays.copyOfRange(content, from, to);
    }

    private static void assertFails(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason))
                .hasMessageStartingWith("tried to ")
                .hasMessageContaining(" but failed because ");
    }
}
