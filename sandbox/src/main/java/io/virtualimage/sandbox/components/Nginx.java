package io.virtualimage.sandbox.components;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A real nginx that serves one folder, and counts what it has sent: the source of images in tests and benches. */
public final class Nginx implements RunningComponent {
    private static final Pattern VERSION = Pattern.compile("nginx/([0-9.]+)");
    private static final Duration READY_WITHIN = Duration.ofSeconds(20);

    private final int port;
    private final Path accessLog;
    private final LocalProcess process;

    private Nginx(int port, Path accessLog, LocalProcess process) {
        this.port = port;
        this.accessLog = accessLog;
        this.process = process;
    }

    /**
     * Serves {@code root} on a free port.
     *
     * @param directory for its configuration and logs
     * @param directives more of nginx's own configuration for the location, as in {@code limit_rate 8m;}
     */
    public static Nginx start(Path directory, Path root, String directives) {
        int port = new Ports(directory).port("nginx");
        Path accessLog = directory.resolve("access.log").toAbsolutePath();
        Path configuration = directory.resolve("nginx.conf").toAbsolutePath();
        try {
            Files.createDirectories(directory.resolve("temp"));
            Files.writeString(accessLog, "");
            Files.writeString(configuration, """
                    worker_processes 1;
                    pid %1$s/nginx.pid;
                    error_log stderr warn;
                    daemon off;
                    %5$s
                    events { worker_connections 512; }
                    http {
                      log_format counted '$status $body_bytes_sent "$request_uri" "$http_range"';
                      client_body_temp_path %1$s/temp; proxy_temp_path %1$s/temp; fastcgi_temp_path %1$s/temp;
                      uwsgi_temp_path %1$s/temp; scgi_temp_path %1$s/temp;
                      server {
                        listen 127.0.0.1:%2$d;
                        access_log %3$s counted;
                        root %4$s;
                        default_type application/octet-stream;
                        location / { %6$s }
                      }
                    }
                    """.formatted(
                            directory.toAbsolutePath(),
                            port,
                            accessLog,
                            root.toAbsolutePath(),
                            "root".equals(System.getProperty("user.name")) ? "user root;" : "",
                            directives));
        } catch (IOException e) {
            throw new UncheckedIOException("nginx can't be configured in " + directory, e);
        }
        LocalProcess process = LocalProcess.start(new LocalProcess.Program(
                        "nginx",
                        directory.resolve("nginx.log"),
                        List.of("nginx", "-p", directory.toAbsolutePath().toString(), "-c", configuration.toString())))
                .awaitReady(() -> !Ports.isFree(port), READY_WITHIN);
        return new Nginx(port, accessLog, process);
    }

    /** The address of a file. */
    public URI uri(String fileName) {
        return URI.create("http://127.0.0.1:" + port + "/" + fileName);
    }

    /** Bytes of bodies that were sent of a file, by the requests that have ended. */
    public long bytesSent(String fileName) {
        try (Stream<String> lines = Files.lines(accessLog)) {
            return lines.filter(line -> line.contains(" \"/" + fileName + "\" ") && line.startsWith("20"))
                    .mapToLong(line -> Long.parseLong(line.split(" ", 3)[1]))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String describe() {
        try {
            Process version =
                    new ProcessBuilder("nginx", "-v").redirectErrorStream(true).start();
            Matcher matcher =
                    VERSION.matcher(new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            return matcher.find() ? "nginx " + matcher.group(1) : "nginx";
        } catch (IOException e) {
            throw new ComponentException("nginx is not on the PATH (Debian package nginx-light)", e);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
