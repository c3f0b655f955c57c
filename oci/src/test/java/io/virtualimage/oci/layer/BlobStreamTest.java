package io.virtualimage.oci.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistryException.Reason;
import io.virtualimage.oci.Repository;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BlobStreamTest {

    private static final Repository REPOSITORY = new Repository("a");

    private final InMemoryRegistry registry = new InMemoryRegistry();
    private final byte[] content = new byte[100_000];

    @BeforeEach
    void fill() {
        new Random(1).nextBytes(content);
    }

    @ParameterizedTest
    @EnumSource
    void readsABlobThroughBrokenConnections(Digest.Algorithm algorithm) throws IOException {
        Digest digest = algorithm.of(content);
        registry.putBlob(REPOSITORY, digest, content);
        registry.breakConnectionsAfter(7000);
        try (BlobStream stream = BlobStream.of(registry, REPOSITORY, digest, content.length)) {
            assertThat(stream.readAllBytes()).isEqualTo(content);
            assertThat(stream.read()).isEqualTo(-1);
            assertThat(stream.position()).isEqualTo(content.length);
        }
        assertThat(registry.reads()).hasSize(15).last().asString().endsWith(" 98000+2000");
    }

    @Test
    void beginsAnywhereAndThenVerifiesNothing() throws IOException {
        Digest other = Digest.sha256(new byte[1]);
        registry.putBlob(REPOSITORY, other, content);
        try (BlobStream stream = BlobStream.from(registry, REPOSITORY, other, content.length, 99_000)) {
            assertThat(stream.read()).isEqualTo(content[99_000] & 0xff);
            assertThat(stream.readAllBytes()).isEqualTo(Arrays.copyOfRange(content, 99_001, 100_000));
        }
        try (BlobStream stream = BlobStream.from(registry, REPOSITORY, other, content.length, content.length)) {
            assertThat(stream.read()).isEqualTo(-1);
        }
    }

    @Test
    void failsAtTheEndOfWhatIsNotTheBlob() throws IOException {
        Digest other = Digest.sha256(new byte[1]);
        registry.putBlob(REPOSITORY, other, content);
        BlobStream stream = BlobStream.of(registry, REPOSITORY, other, content.length);
        assertThat(stream.readNBytes(content.length)).isEqualTo(content);
        for (int i = 0; i < 2; i++) {
            assertFails(Reason.DIGEST_MISMATCH, stream::read);
            assertFails(Reason.DIGEST_MISMATCH, stream::readToEnd);
        }
    }

    @Test
    void failsIfTheBlobHasAnotherLength() {
        Digest digest = Digest.sha256(content);
        registry.putBlob(REPOSITORY, digest, content);
        BlobStream longer = BlobStream.of(registry, REPOSITORY, digest, content.length + 1);
        assertFails(Reason.DIGEST_MISMATCH, longer::readToEnd);
        BlobStream shorter = BlobStream.of(registry, REPOSITORY, digest, content.length - 1);
        assertFails(Reason.DIGEST_MISMATCH, shorter::readToEnd);
        BlobStream none = BlobStream.of(registry, REPOSITORY, Digest.sha256(new byte[1]), 1);
        assertFails(Reason.NOT_FOUND, none::read);
    }

    @Test
    void givesUpWithoutProgressAndAfterManyBreaks() {
        Digest digest = Digest.sha256(content);
        registry.putBlob(REPOSITORY, digest, content);
        registry.breakConnectionsAfter(0);
        assertFails(Reason.UNAVAILABLE, BlobStream.of(registry, REPOSITORY, digest, content.length)::readToEnd);
        assertThat(registry.reads()).hasSize(1);
        registry.breakConnectionsAfter(1);
        assertFails(Reason.UNAVAILABLE, BlobStream.of(registry, REPOSITORY, digest, content.length)::readToEnd);
        assertThat(registry.reads()).hasSize(1 + 1001);
    }

    @Test
    void beginsAgainWhereThereAreNoRanges() throws IOException {
        Digest digest = Digest.sha256(content);
        registry.putBlob(REPOSITORY, digest, content);
        registry.ignoreRanges();
        BlobStream stream = BlobStream.of(registry, REPOSITORY, digest, content.length);
        registry.breakConnectionsAfter(30_000);
        assertThat(stream.readNBytes(20_000)).hasSize(20_000);
        registry.breakConnectionsAfter(Long.MAX_VALUE);
        assertThat(stream.readAllBytes()).isEqualTo(Arrays.copyOfRange(content, 20_000, content.length));
        assertThat(registry.reads()).hasSize(2);
    }

    private static void assertFails(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason));
    }
}
