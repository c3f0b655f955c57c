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
    void prefersTheLongestPath() throws RegistryException {
        DockerConfig config = parse("{'auths':{" + entry("r.example.com", "host") + ","
                + entry("r.example.com/team", "team")
                + "," + entry("https://r.example.com/team/project/", "project") + "," + entry("docker.io/me", "hub")
                + "," + entry("r.example.com:5000/v2/", "port") + ",'r.example.com/team/empty':{}}}");
        assertThat(user(config, "r.example.com/other")).isEqualTo("host");
        assertThat(user(config, "r.example.com/team")).isEqualTo("team");
        assertThat(user(config, "r.example.com/team/x")).isEqualTo("team");
        assertThat(user(config, "r.example.com/teammate/x")).isEqualTo("host");
        assertThat(user(config, "r.example.com/team/project/x:tag")).isEqualTo("project");
        assertThat(user(config, "r.example.com/team/empty")).isEqualTo("team");
        assertThat(user(config, "r.example.com:5000/team/project")).isEqualTo("port");
        assertThat(user(config, "me/image")).isEqualTo("hub");
        assertThat(of(config, "other/image")).isEmpty();
    }

    @Test
    void matchesHostsLabelByLabel() throws RegistryException {
        DockerConfig config = parse("{'auths':{" + entry("*.example.com", "any") + "," + entry("r.example.com", "exact")
                + "," + entry("re?-*.example.com:5000", "port") + "," + entry("*.example.com/team", "team") + "}}");
        assertThat(user(config, "x.example.com/a")).isEqualTo("any");
        assertThat(user(config, "r.example.com/a")).isEqualTo("exact");
        assertThat(user(config, "r.example.com/team/a")).isEqualTo("team");
        assertThat(user(config, "reg-1.example.com:5000/a")).isEqualTo("port");
        assertThat(of(config, "re-1.example.com:5000/a")).isEmpty();
        assertThat(of(config, "example.com/a")).isEmpty();
        assertThat(of(config, "a.b.example.com/a")).isEmpty();
        assertThat(of(config, "x.example.com:443/a")).isEmpty();
        String hostile = "*a".repeat(1000) + ".example.com";
        assertThat(of(parse("{'auths':{" + entry(hostile, "u") + "}}"), "a".repeat(60) + ".example.com/a"))
                .isEmpty();
    }

    @Test
    void takesIdentityTokens() throws RegistryException {
        DockerConfig config = parse("{'auths':{'r.example.com':{'auth':'MDA6','identitytoken':'geheim'}},"
                + "'credHelpers':{'r.example.com':'x'}}");
        assertThat(of(config, "r.example.com/a"))
                .hasValue(Credentials.ofIdentityToken("geheim"))
                .get()
                .asString()
                .doesNotContain("geheim");
    }

    @Test
    void readsTheOlderShape() throws RegistryException {
        DockerConfig config = DockerConfig.parseLegacy(("{" + entry("https://r.example.com/v1/", "old") + "}")
                .replace('\'', '"')
                .getBytes(UTF_8));
        assertThat(user(config, "r.example.com/a")).isEqualTo("old");
        assertThatThrownBy(() -> DockerConfig.parseLegacy("{\"a\":geheim}".getBytes(UTF_8)))
                .hasMessageNotContaining("geheim")
                .hasNoCause();
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

    private static String entry(String key, String user) {
        return "'" + key + "':{'username':'" + user + "','password':'p'}";
    }

    private static String user(DockerConfig config, String reference) throws RegistryException {
        return of(config, reference).orElseThrow().user();
    }

    private static Optional<Credentials> of(DockerConfig config, String reference) throws RegistryException {
        return config.credentialsFor(ImageReference.parse(reference));
    }

    private static DockerConfig parse(String json) throws RegistryException {
        return DockerConfig.parse(json.replace('\'', '"').getBytes(UTF_8));
    }
}
