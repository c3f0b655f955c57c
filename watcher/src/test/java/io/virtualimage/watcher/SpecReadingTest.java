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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
                .isEqualTo(new SpecReading.Workable(
                        new DataSource.Http(visible, partial, Checksums.NONE),
                        io.virtualimage.topics.Storage.CONTAINER_REGISTRY));
    }

    @Test
    void aCaBundleIsReadFromTheObject() {
        SpecReading reading =
                SpecReading.of(VirtualImageSpec.inRegistry(new Origin.Http("https://example.com/a", "Q0E=", null)));
        assertThat(reading)
                .isEqualTo(new SpecReading.Workable(
                        new DataSource.Http("https://example.com/a", true, Checksums.NONE),
                        io.virtualimage.topics.Storage.CONTAINER_REGISTRY));
    }

    @Test
    void checksumsAreAskedFor() {
        Checksum checksum = new Checksum("0".repeat(32), null, SHA256, null, "1".repeat(64), "2".repeat(128));
        assertThat(SpecReading.of(Samples.http(Samples.URL, checksum)))
                .isInstanceOfSatisfying(
                        SpecReading.Workable.class,
                        workable -> assertThat(workable.source().checksums())
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

    @Test
    void ofAContainerImageOnlyTheBundleStaysHidden() {
        assertThat(SpecReading.of(VirtualImageSpec.inRegistry(
                        new Origin.ContainerImage("debian:13", new Origin.PullSecret("pull"), "UEVN"))))
                .isEqualTo(new SpecReading.Workable(
                        new DataSource.ContainerImage("debian:13", "pull", true),
                        io.virtualimage.topics.Storage.CONTAINER_REGISTRY));
        assertThat(SpecReading.of(VirtualImageSpec.inRegistry(
                        new Origin.ContainerImage("debian:13", new Origin.PullSecret(""), null))))
                .isEqualTo(new SpecReading.Workable(
                        new DataSource.ContainerImage("debian:13", null, false),
                        io.virtualimage.topics.Storage.CONTAINER_REGISTRY));
    }

    static Stream<VirtualImageSpec> unsupported() {
        Origin http = new Origin.Http(Samples.URL, null, null);
        return Stream.of(
                new VirtualImageSpec(Storage.PERSISTENT_VOLUME_CLAIM, null, io.virtualimage.k8s.DataSource.of(http)),
                new VirtualImageSpec(Storage.KUBERNETES, null, io.virtualimage.k8s.DataSource.of(http)),
                new VirtualImageSpec(null, null, io.virtualimage.k8s.DataSource.of(http)),
                new VirtualImageSpec(Storage.CONTAINER_REGISTRY, null, null),
                VirtualImageSpec.inRegistry(new Origin.ObjectRef(ObjectRefKind.VIRTUAL_DISK, "disk")),
                VirtualImageSpec.inRegistry(new Origin.Upload(null)),
                Samples.http(Samples.URL, new Checksum("short", null, null, null, null, null)));
    }

    @ParameterizedTest
    @MethodSource
    void unsupported(VirtualImageSpec spec) {
        assertThat(SpecReading.of(spec))
                .isInstanceOfSatisfying(
                        SpecReading.Unsupported.class,
                        reading -> assertThat(reading.message()).contains("not supported"));
    }
}
