package io.virtualimage.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class DockerConfigTest {

    @Test
    void findsTheCredentialsOfADomain() throws RegistryException {
        DockerConfig config = parse("{'auths':{'https://index.docker.io/v1/':{'auth':'dTpwOnE='},"
                + "'R.example.com':{'username':'a','password':'b'},'r.example.com:5000':{}},'credsStore':'x'}");
        assertThat(of(config, "alpine")).hasValue(new Credentials("u", "p:q"));
        assertThat(of(config, "r.example.com/a")).hasValue(new Credentials("a", "b"));
        assertThat(of(config, "r.example.com:5000/a")).isEmpty();
        assertThat(of(config, "example.com/a")).isEmpty();
        assertThat(of(parse("{}"), "a")).isEmpty();
    }

    @Test
    void neverQuotesASecret() {
        assertThatThrownBy(() -> parse("{'auths':{'a':{'auth':geheim}}}"))
                .hasMessageNotContaining("geheim")
                .hasNoCause();
        assertThatThrownBy(() -> of(parse("{'auths':{'r.example.com':{'auth':'geheim!'}}}"), "r.example.com/a"))
                .hasMessageNotContaining("geheim")
                .hasNoCause();
        assertThat(new Credentials("u", "geheim").toString()).doesNotContain("geheim");
    }

    private static Optional<Credentials> of(DockerConfig config, String reference) throws RegistryException {
        return config.credentialsFor(ImageReference.parse(reference));
    }

    private static DockerConfig parse(String json) throws RegistryException {
        return DockerConfig.parse(json.replace('\'', '"').getBytes(UTF_8));
    }
}
