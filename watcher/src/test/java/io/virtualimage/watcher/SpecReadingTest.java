package io.virtualimage.watcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Storage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.topics.ChecksumAlgorithm;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SpecReadingTest {
    private static final String SHA256 = "AB".repeat(32);

    @ParameterizedTest
    @CsvSource(textBlock = """
                    https://example.com/a.qcow2,                    https://example.com/a.qcow2, false
                    https://example.com/a.qcow2?X-Amz-Signature=1,  https://example.com/a.qcow2, true
                    http://u:p@example.com:8080/a,                  http://example.com:8080/a,   true
                    http://u:p@example.com,                         http://example.com,          true
                    http://u:p%40@h@example.com/x@y,                http://example.com/x@y,      true
                    http://example.com/x@y,                         http://example.com/x@y,      false
                    http://example.com?user=a@b/c,                  http://example.com,          true
                    http://[2001:db8::1]:80/a,                      http://[2001:db8::1]:80/a,   false
                    """)
    void noSecretIsSaid(String url, String visible, boolean partial) {
        assertThat(SpecReading.of(Samples.http(url, null)))
                .isEqualTo(new SpecReading.Direct(
                        new DataSource.Http(visible, partial, Checksums.NONE), SpecReading.Place.REGISTRY));
    }

    @Test
    void aCaBundleIsReadFromTheObject() {
        SpecReading reading =
                SpecReading.of(VirtualImageSpec.inRegistry(new Origin.Http("https://example.com/a", "Q0E=", null)));
        assertThat(reading)
                .isEqualTo(new SpecReading.Direct(
                        new DataSource.Http("https://example.com/a", true, Checksums.NONE),
                        SpecReading.Place.REGISTRY));
    }

    @Test
    void checksumsAreAskedFor() {
        Checksum checksum = new Checksum("0".repeat(32), null, SHA256, null, "1".repeat(64), "2".repeat(128));
        assertThat(SpecReading.of(Samples.http(Samples.URL, checksum)))
                .isInstanceOfSatisfying(
                        SpecReading.Direct.class,
                        reading -> assertThat(reading.source().checksums())
                                .isEqualTo(new Checksums(Map.of(
                                        ChecksumAlgorithm.MD5,
                                        "0".repeat(32),
                                        ChecksumAlgorithm.SHA256,
                                        "ab".repeat(32),
                                        ChecksumAlgorithm.STREEBOG256,
                                        "1".repeat(64),
                                        ChecksumAlgorithm.STREEBOG512,
                                        "2".repeat(128)))));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
                    debian:13,                                     ,        ,         false
                    registry.example.com:5000/images/debian:13,    ,        ,         false
                    [2001:db8::1]:5000/a,                          secret,  ,         false
                    debian,                                        '',      Q0E=,     true
                    """)
    void aContainerImageIsSaidAsItStands(String image, String secret, String caBundle, boolean partial) {
        Origin.PullSecret named = secret == null ? null : new Origin.PullSecret(secret);
        assertThat(SpecReading.of(VirtualImageSpec.inRegistry(new Origin.ContainerImage(image, named, caBundle))))
                .isEqualTo(new SpecReading.Direct(
                        new DataSource.ContainerImage(
                                image, secret == null || secret.isEmpty() ? null : secret, partial),
                        SpecReading.Place.REGISTRY));
    }

    @Test
    void anUploadIsAskedForItsChecksums() {
        Checksum checksum = new Checksum("0".repeat(32), null, null, null, null, null);
        assertThat(SpecReading.of(VirtualImageSpec.inRegistry(new Origin.Upload(checksum))))
                .isEqualTo(new SpecReading.Direct(
                        new DataSource.Upload(new Checksums(Map.of(ChecksumAlgorithm.MD5, "0".repeat(32)))),
                        SpecReading.Place.REGISTRY));
        assertThat(SpecReading.of(VirtualImageSpec.inRegistry(new Origin.Upload(null))))
                .isEqualTo(new SpecReading.Direct(new DataSource.Upload(Checksums.NONE), SpecReading.Place.REGISTRY));
    }

    @ParameterizedTest
    @EnumSource
    void anObjectIsNamed(ObjectRefKind kind) {
        assertThat(SpecReading.of(VirtualImageSpec.inRegistry(new Origin.ObjectRef(kind, "a"))))
                .isInstanceOfSatisfying(SpecReading.Referring.class, reading -> {
                    assertThat(reading.kind().wireName()).isEqualTo(kind.wire());
                    assertThat(reading.name()).isEqualTo("a");
                });
    }

    static Stream<Arguments> claims() {
        return Stream.of(Storage.PERSISTENT_VOLUME_CLAIM, Storage.KUBERNETES)
                .flatMap(storage -> Stream.of(
                        Arguments.of(storage, null, null),
                        Arguments.of(storage, new VirtualImageSpec.ClaimSettings(null), null),
                        Arguments.of(storage, new VirtualImageSpec.ClaimSettings(""), null),
                        Arguments.of(storage, new VirtualImageSpec.ClaimSettings("fast"), "fast")));
    }

    @ParameterizedTest
    @MethodSource
    void claims(Storage storage, VirtualImageSpec.@Nullable ClaimSettings settings, @Nullable String storageClass) {
        io.virtualimage.k8s.DataSource source = io.virtualimage.k8s.DataSource.of(new Origin.Upload(null));
        assertThat(SpecReading.of(new VirtualImageSpec(storage, settings, source)))
                .isInstanceOfSatisfying(
                        SpecReading.Direct.class,
                        reading -> assertThat(reading.place())
                                .isEqualTo(new SpecReading.Place(
                                        io.virtualimage.topics.Storage.PERSISTENT_VOLUME_CLAIM, storageClass)));
    }

    @Test
    void aClassSaysNothingInARegistry() {
        io.virtualimage.k8s.DataSource source = io.virtualimage.k8s.DataSource.of(new Origin.Upload(null));
        assertThat(SpecReading.of(new VirtualImageSpec(
                        Storage.CONTAINER_REGISTRY, new VirtualImageSpec.ClaimSettings("fast"), source)))
                .isEqualTo(new SpecReading.Direct(new DataSource.Upload(Checksums.NONE), SpecReading.Place.REGISTRY));
    }

    static Stream<VirtualImageSpec> unsupported() {
        Origin http = new Origin.Http(Samples.URL, null, null);
        return Stream.of(
                new VirtualImageSpec(null, null, io.virtualimage.k8s.DataSource.of(http)),
                new VirtualImageSpec(Storage.CONTAINER_REGISTRY, null, null),
                VirtualImageSpec.inRegistry(new Origin.ContainerImage("", null, null)),
                VirtualImageSpec.inRegistry(new Origin.ContainerImage("https://example.com/a", null, null)),
                VirtualImageSpec.inRegistry(new Origin.ContainerImage("user:secret@example.com/a", null, null)),
                VirtualImageSpec.inRegistry(new Origin.ObjectRef(null, "disk")),
                Samples.http(Samples.URL, new Checksum("short", null, null, null, null, null)));
    }

    @ParameterizedTest
    @MethodSource
    void unsupported(VirtualImageSpec spec) {
        assertThat(SpecReading.of(spec))
                .isInstanceOfSatisfying(
                        SpecReading.Unsupported.class,
                        reading -> assertThat(reading.message())
                                .contains("not supported")
                                .doesNotContain("secret"));
    }
}
