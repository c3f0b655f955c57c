package io.virtualimage.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {

    private static final String HEX = "0123456789abcdef".repeat(4);

    @ParameterizedTest
    @CsvSource({
        "alpine, docker.io/library/alpine:latest",
        "a/b, docker.io/a/b:latest",
        "docker.io/alpine:3, docker.io/library/alpine:3",
        "index.docker.io/alpine, docker.io/library/alpine:latest",
        "localhost/a, localhost/a:latest",
        "localhost:5000/a/b:c, localhost:5000/a/b:c",
        "Registry.Example.com/a, registry.example.com/a:latest",
        "r.example.com:443/vi/ns/n:uid-2-1, r.example.com:443/vi/ns/n:uid-2-1",
        "[::1]:5000/a, [::1]:5000/a:latest",
        "a__b/c-d.e---f, docker.io/a__b/c-d.e---f:latest",
    })
    void isNormalised(String text, String normal) {
        ImageReference reference = ImageReference.parse(text);
        assertThat(reference).hasToString(normal);
        assertThat(ImageReference.parse(normal)).isEqualTo(reference);
    }

    @Test
    void prefersTheDigest() {
        ImageReference reference = ImageReference.parse("r.example.com/a:t@sha256:" + HEX);
        assertThat(reference.manifest()).isEqualTo(Digest.parse("sha256:" + HEX));
        assertThat(reference.tag()).isEqualTo(new Tag("t"));
        assertThat(ImageReference.parse("r.example.com/a@sha256:" + HEX).tag()).isNull();
        assertThat(ImageReference.parse("r.example.com/a").manifest()).isEqualTo(Tag.LATEST);
    }

    @Test
    void knowsWhereTheRegistryIs() {
        assertThat(ImageReference.parse("alpine").endpoint()).hasToString("https://registry-1.docker.io");
        assertThat(ImageReference.parse("localhost:5000/a").plainEndpoint()).hasToString("http://localhost:5000");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "a//b",
                "a/",
                "-a",
                "a:",
                "a:-t",
                "a@sha256:00",
                "a@md5:0123",
                "r.example.com/",
                "a b",
                "a/B",
                "r.example.com:port/a",
                "a..b/../c",
                "https://r.example.com/a",
                "user@r.example.com/a",
                "a_/b"
            })
    void isRefused(String text) {
        assertThatThrownBy(() -> ImageReference.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void limitsLengths() {
        assertThat(new Repository("a".repeat(255)).name()).hasSize(255);
        assertThatThrownBy(() -> new Repository("a".repeat(256))).hasMessageContaining("at most 255");
        assertThat(new Tag("a".repeat(128)).name()).hasSize(128);
        assertThatThrownBy(() -> new Tag("a".repeat(129))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void digestsCheckThemselves() {
        assertThat(Digest.parse("sha512:" + HEX + HEX).algorithm()).isEqualTo(Digest.Algorithm.SHA512);
        assertThat(Digest.sha256(new byte[0]))
                .hasToString("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (String bad : new String[] {HEX, "sha256:" + HEX + "0", "sha512:" + HEX, "sha256:" + "A".repeat(64)}) {
            assertThatThrownBy(() -> Digest.parse(bad)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
