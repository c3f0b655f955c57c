package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResolvedSourceTest {
    @ParameterizedTest
    @CsvSource({
        "https://u:p@h:8443/a/b.img?X-Sig=1#f, https://h:8443/a/b.img",
        "http://h, http://h",
        "http://u@h, http://h",
        "http://h?x=http://a@b/, http://h",
        "http://h/a@b.img, http://h/a@b.img",
        "http://u:p@ss@h/a, http://h/a"
    })
    void showsNoSecret(String url, String shown) {
        ResolvedSource source = new ResolvedSource.Http(url, null);
        assertThat(source.publicName()).isEqualTo(shown);
        assertThat(source.toString()).isEqualTo("Http[" + shown + "]");
    }

    @Test
    void onlyTheWeb() {
        assertThatThrownBy(() -> new ResolvedSource.Http("file:///etc/passwd?x", null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("file:///etc/passwd");
    }
}
