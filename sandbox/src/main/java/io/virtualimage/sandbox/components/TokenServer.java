package io.virtualimage.sandbox.components;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.ObjectMapper;

/**
 * A token service for a registry: gives whoever has a password a token for what he asks for, and whoever has none a token
 * for nothing, as public registries do. Tokens are JSON Web Tokens, signed with RS256.
 *
 * @see <a href="https://distribution.github.io/distribution/spec/auth/token/">Token authentication</a>
 */
public final class TokenServer implements RunningComponent {
    static final String SERVICE = "sandbox-registry";
    static final String ISSUER = "sandbox-tokens";
    private static final String ALIAS = "tokens";
    private static final String STORE_PASSWORD = "not-a-secret";

    private final HttpServer server;
    private final Path certificatePem;
    private final PrivateKey key;
    private final Certificate certificate;
    private final Map<String, String> passwords;
    private final Duration validity;
    private final ObjectMapper json = new ObjectMapper();
    private final ConcurrentLinkedQueue<String> given = new ConcurrentLinkedQueue<>();

    private TokenServer(
            HttpServer server, Path certificatePem, KeyStore keys, Map<String, String> passwords, Duration validity)
            throws GeneralSecurityException {
        this.server = server;
        this.certificatePem = certificatePem;
        this.key = (PrivateKey) keys.getKey(ALIAS, STORE_PASSWORD.toCharArray());
        this.certificate = keys.getCertificate(ALIAS);
        this.passwords = Map.copyOf(passwords);
        this.validity = validity;
    }

    /**
     * Starts one on a free port.
     *
     * @param directory for its key, which is made anew
     * @param passwords of its users
     * @param validity of its tokens
     */
    public static TokenServer start(Path directory, Map<String, String> passwords, Duration validity) {
        try {
            Files.createDirectories(directory);
            KeyStore keys = makeKeys(directory);
            Path pem = directory.resolve("tokens.pem").toAbsolutePath();
            Base64.Encoder lines = Base64.getMimeEncoder(64, new byte[] {'\n'});
            Files.writeString(
                    pem,
                    "-----BEGIN CERTIFICATE-----\n"
                            + lines.encodeToString(keys.getCertificate(ALIAS).getEncoded())
                            + "\n-----END CERTIFICATE-----\n");
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            TokenServer tokens = new TokenServer(server, pem, keys, passwords, validity);
            server.createContext("/token", tokens::answer);
            server.start();
            return tokens;
        } catch (IOException | GeneralSecurityException e) {
            throw new ComponentException("the token service can't be started: " + e.getMessage(), e);
        }
    }

    private static KeyStore makeKeys(Path directory) throws IOException, GeneralSecurityException {
        Path file = directory.resolve("tokens.p12");
        Files.deleteIfExists(file);
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        String arguments = "-genkeypair -keyalg RSA -keysize 2048 -sigalg SHA256withRSA -validity 30 -storetype PKCS12"
                + " -dname CN=tokens -alias " + ALIAS + " -storepass " + STORE_PASSWORD + " -keystore";
        List<String> command = new ArrayList<>(List.of(keytool.toString()));
        command.addAll(List.of(arguments.split(" ")));
        command.add(file.toString());
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("keytool.log").toFile())
                .start();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new ComponentException(
                        "keytool made no key: " + Files.readString(directory.resolve("keytool.log")), null);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new ComponentException("interrupted while keytool made a key", e);
        }
        return KeyStore.getInstance(file.toFile(), STORE_PASSWORD.toCharArray());
    }

    /** Where tokens are given out. */
    URI realm() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/token");
    }

    /** The certificate that tokens are signed with, PEM. */
    Path certificate() {
        return certificatePem;
    }

    /** All tokens that it has given out: secrets, for who looks for them where they must not be. */
    public List<String> given() {
        return List.copyOf(given);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            String user = "";
            if (authorization != null) {
                user = user(authorization);
                if (user.isEmpty()) {
                    send(exchange, 401, Map.of("details", "incorrect username or password"));
                    return;
                }
            }
            String token = token(user, user.isEmpty() ? List.of() : scopes(exchange.getRequestURI()));
            given.add(token);
            send(
                    exchange,
                    200,
                    Map.of(
                            "token", token,
                            "expires_in", validity.toSeconds(),
                            "issued_at", Instant.now().toString()));
        } catch (GeneralSecurityException e) {
            throw new IOException("no token could be signed", e);
        }
    }

    private void send(HttpExchange exchange, int status, Map<String, Object> answer) throws IOException {
        byte[] body = json.writeValueAsBytes(answer);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    /** Whose password that is; empty if it is nobody's. */
    private String user(String authorization) {
        if (!authorization.startsWith("Basic ")) {
            return "";
        }
        String pair;
        try {
            pair = new String(Base64.getDecoder().decode(authorization.substring(6)), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
        int colon = pair.indexOf(':');
        String name = colon < 0 ? "" : pair.substring(0, colon);
        return pair.substring(colon + 1).equals(passwords.get(name)) ? name : "";
    }

    private static List<String> scopes(URI request) {
        String query = request.getRawQuery();
        return query == null
                ? List.of()
                : Arrays.stream(query.split("&"))
                        .filter(each -> each.startsWith("scope="))
                        .map(each -> URLDecoder.decode(each.substring(6), StandardCharsets.UTF_8))
                        .flatMap(each -> Arrays.stream(each.split(" ")))
                        .filter(each -> each.matches("[a-z]+:.+:[a-z*,]+"))
                        .toList();
    }

    private String token(String user, List<String> scopes) throws GeneralSecurityException {
        long now = Instant.now().getEpochSecond();
        List<Map<String, Object>> access =
                scopes.stream().map(TokenServer::access).toList();
        Map<String, Object> header = Map.of(
                "typ",
                "JWT",
                "alg",
                "RS256",
                "x5c",
                List.of(Base64.getEncoder().encodeToString(certificate.getEncoded())));
        Map<String, Object> claims = Map.of(
                "iss",
                ISSUER,
                "sub",
                user,
                "aud",
                SERVICE,
                "exp",
                now + validity.toSeconds(),
                "nbf",
                now - 10,
                "iat",
                now,
                "jti",
                UUID.randomUUID().toString(),
                "access",
                access);
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        String signed = base64.encodeToString(json.writeValueAsBytes(header))
                + "."
                + base64.encodeToString(json.writeValueAsBytes(claims));
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(key);
        signature.update(signed.getBytes(StandardCharsets.US_ASCII));
        return signed + "." + base64.encodeToString(signature.sign());
    }

    private static Map<String, Object> access(String scope) {
        int first = scope.indexOf(':');
        int last = scope.lastIndexOf(':');
        return Map.of(
                "type",
                scope.substring(0, first),
                "name",
                scope.substring(first + 1, last),
                "actions",
                List.of(scope.substring(last + 1).split(",")));
    }

    @Override
    public String describe() {
        return "token service (JDK)";
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
