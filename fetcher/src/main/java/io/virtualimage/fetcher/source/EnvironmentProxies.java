package io.virtualimage.fetcher.source;

import io.virtualimage.stage.process.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import okhttp3.Credentials;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * The proxies that the environment names, as curl and Go read it: {@code HTTP_PROXY} for http, {@code HTTPS_PROXY} for
 * https, in upper or lower case, and {@code NO_PROXY} for what is asked directly: a comma-separated list of names (which
 * stand for their subdomains too), addresses, networks ({@code 10.0.0.0/8}), each with a port or without, or {@code *}.
 */
public final class EnvironmentProxies extends ProxySelector {
    /** No proxy for anything. */
    public static final EnvironmentProxies NONE = new EnvironmentProxies(null, null, "");

    private static final Pattern ADDRESS = Pattern.compile("[0-9]+(\\.[0-9]+){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    private final @Nullable HttpUrl httpProxy;
    private final @Nullable HttpUrl httpsProxy;
    private final List<String> direct;

    /**
     * A selector of these proxies.
     *
     * @throws IllegalArgumentException if a proxy is not {@code [http://][user:password@]host[:port]}
     */
    public EnvironmentProxies(@Nullable String httpProxy, @Nullable String httpsProxy, String noProxy) {
        this.httpProxy = httpProxy == null ? null : parse("HTTP_PROXY", httpProxy);
        this.httpsProxy = httpsProxy == null ? null : parse("HTTPS_PROXY", httpsProxy);
        this.direct = Pattern.compile(",")
                .splitAsStream(noProxy)
                .map(entry -> entry.strip().toLowerCase(Locale.ROOT))
                .filter(entry -> !entry.isEmpty())
                .toList();
    }

    public static EnvironmentProxies from(Settings settings) {
        return new EnvironmentProxies(
                either(settings, "HTTP_PROXY").orElse(null),
                either(settings, "HTTPS_PROXY").orElse(null),
                either(settings, "NO_PROXY").orElse(""));
    }

    private static Optional<String> either(Settings settings, String name) {
        return settings.optional(name).or(() -> settings.optional(name.toLowerCase(Locale.ROOT)));
    }

    private static HttpUrl parse(String name, String proxy) {
        HttpUrl url = HttpUrl.parse(proxy.contains("://") ? proxy : "http://" + proxy);
        if (url == null || url.isHttps()) {
            throw new IllegalArgumentException(name + " has to be http://host:port");
        }
        return url;
    }

    @Override
    public List<Proxy> select(URI target) {
        HttpUrl proxy = "https".equals(target.getScheme()) ? httpsProxy : httpProxy;
        String host = String.valueOf(target.getHost());
        if (proxy == null || isDirect(host, target.getPort())) {
            return List.of(Proxy.NO_PROXY);
        }
        return List.of(new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.host(), proxy.port())));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        // There is no other one to try.
    }

    /** Whether a host is one of the proxies: then the operator chose it, not a user. */
    boolean isProxy(String host) {
        return Stream.of(Optional.ofNullable(httpProxy), Optional.ofNullable(httpsProxy))
                .flatMap(Optional::stream)
                .anyMatch(proxy -> proxy.host().equals(host));
    }

    /** The header field that opens a proxy; empty if it asks for nothing. */
    Optional<String> authorization(String proxyHost, int proxyPort) {
        return Stream.of(Optional.ofNullable(httpProxy), Optional.ofNullable(httpsProxy))
                .flatMap(Optional::stream)
                .filter(proxy -> proxy.host().equals(proxyHost) && proxy.port() == proxyPort)
                .filter(proxy -> !proxy.username().isEmpty())
                .map(proxy -> Credentials.basic(proxy.username(), proxy.password(), StandardCharsets.UTF_8))
                .findFirst();
    }

    private boolean isDirect(String bracketedHost, int port) {
        String host = bracketedHost.replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT);
        return direct.stream().anyMatch(entry -> matches(entry, host, port));
    }

    private static boolean matches(String entry, String host, int port) {
        if (entry.equals("*")) {
            return true;
        }
        int slash = entry.indexOf('/');
        if (slash > 0) {
            return ADDRESS.matcher(host).matches()
                    && inNetwork(entry.substring(0, slash), entry.substring(slash + 1), host);
        }
        String name = entry;
        int colon = entry.lastIndexOf(':');
        if (colon >= 0 && (entry.indexOf(':') == colon || entry.startsWith("["))) {
            boolean hasPort = entry.substring(colon + 1).matches("[0-9]+");
            if (hasPort && !entry.substring(colon + 1).equals(Integer.toString(port))) {
                return false;
            }
            name = hasPort ? entry.substring(0, colon) : entry;
        }
        name = name.replaceAll("[\\[\\]]", "").replaceFirst("^\\*?\\.", "");
        return host.equals(name) || host.endsWith("." + name);
    }

    private static boolean inNetwork(String network, String prefix, String host) {
        if (!ADDRESS.matcher(network).matches() || !prefix.matches("[0-9]{1,3}")) {
            return false;
        }
        try {
            byte[] wanted = InetAddress.getByName(network).getAddress();
            byte[] given = InetAddress.getByName(host).getAddress();
            int bits = Integer.parseInt(prefix);
            if (wanted.length != given.length || bits > wanted.length * 8) {
                return false;
            }
            int whole = bits / 8;
            int mask = 0xff << (8 - bits % 8) & 0xff;
            return Arrays.equals(wanted, 0, whole, given, 0, whole)
                    && (mask == 0 || (wanted[whole] & mask) == (given[whole] & mask));
        } catch (UnknownHostException e) {
            return false; // looks like an address, and is none
        }
    }
}
