package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.oci.ImageReference;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegistryPlacesTest {
    private static final RegistryPlaces PLACES = new RegistryPlaces(
            RegistryPlaces.hosts(" Plain.example , half.example:5000,,[::1]"),
            new RegistryPlaces.Own("Own.example:5000", URI.create("http://10.0.0.1:5000"), null, null));

    @ParameterizedTest
    @CsvSource({
        "plain.example/a, http://plain.example",
        "PLAIN.example:8080/a, http://plain.example:8080",
        "half.example:5000/a, http://half.example:5000",
        "half.example/a, https://half.example",
        "half.example:5001/a, https://half.example:5001",
        "not-plain.example/a, https://not-plain.example",
        "[::1]:5000/a, http://[::1]:5000",
        "ubuntu, https://registry-1.docker.io",
        "own.example:5000/a, https://own.example:5000",
    })
    void onlyWhatIsNamedIsSpokenToWithoutTls(String image, URI endpoint) {
        assertThat(PLACES.endpointOf(ImageReference.parse(image))).isEqualTo(endpoint);
    }

    @Test
    void ownIsOneDomain() {
        assertThat(PLACES.ownOf(ImageReference.parse("own.example:5000/vi/ns/a:1")))
                .isPresent();
        assertThat(PLACES.ownOf(ImageReference.parse("own.example/vi/ns/a:1"))).isEmpty();
        assertThat(RegistryPlaces.SECURE.ownOf(ImageReference.parse("own.example:5000/a")))
                .isEmpty();
    }
}
