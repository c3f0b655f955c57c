package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.stage.process.Settings;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentProxiesTest {
    private static String select(EnvironmentProxies proxies, String target) {
        Proxy proxy = proxies.select(URI.create(target)).getFirst();
        return proxy.address() instanceof InetSocketAddress address
                ? address.getHostString() + ":" + address.getPort()
                : "direct";
    }

    @Test
    void oneForEachScheme() {
        EnvironmentProxies proxies = EnvironmentProxies.from(new Settings(
                Map.of("http_proxy", "one:3128", "HTTPS_PROXY", "http://u:p@two", "no_proxy", "x.example")));
        assertThat(select(proxies, "http://a.example/")).isEqualTo("one:3128");
        assertThat(select(proxies, "https://a.example/")).isEqualTo("two:80");
        assertThat(select(proxies, "https://x.example/")).isEqualTo("direct");
        assertThat(proxies.authorization("two", 80)).contains("Basic dTpw");
        assertThat(proxies.authorization("one", 3128)).isEmpty();
        assertThat(select(EnvironmentProxies.NONE, "http://a.example/")).isEqualTo("direct");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            *                        | http://a.example/            | true
            a.example                | http://a.example/            | true
            A.Example                | http://a.example:81/         | true
            a.example                | http://sub.a.example/        | true
            .a.example               | http://sub.a.example/        | true
            *.a.example              | http://sub.a.example/        | true
            a.example                | http://aa.example/           | false
            a.example:81             | http://a.example:81/         | true
            a.example:81             | http://a.example:82/         | false
            10.0.0.1                 | http://10.0.0.1/             | true
            10.0.0.0/8               | http://10.200.3.4/           | true
            10.0.0.0/8               | http://11.0.0.1/             | false
            192.168.128.0/17         | http://192.168.129.1/        | true
            192.168.128.0/17         | http://192.168.1.1/          | false
            10.0.0.0/8               | http://ten.example/          | false
            fd00::/8                 | http://[fd12::1]/            | true
            ::1                      | http://[::1]/                | true
            x, , a.example           | http://a.example/            | true
            """)
    void exceptions(String noProxy, String target, boolean direct) {
        EnvironmentProxies proxies = new EnvironmentProxies("proxy:1", null, noProxy);
        assertThat(select(proxies, target)).isEqualTo(direct ? "direct" : "proxy:1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"socks5://x:1", "https://x:1", "http://", "http://:x"})
    void whatIsNoProxyIsSaid(String proxy) {
        assertThatThrownBy(() -> new EnvironmentProxies(proxy, null, ""))
                .hasMessage("HTTP_PROXY has to be http://host:port");
    }
}
