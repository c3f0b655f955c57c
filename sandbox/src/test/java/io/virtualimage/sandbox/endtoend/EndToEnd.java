package io.virtualimage.sandbox.endtoend;

import io.virtualimage.sandbox.Images;
import io.virtualimage.sandbox.Sandbox;
import io.virtualimage.sandbox.SandboxOptions;
import io.virtualimage.sandbox.Service;
import io.virtualimage.sandbox.components.Nginx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives end-to-end tests one {@link World}, started for the first and shared by all: a whole installation, three
 * fetchers, two publishers and one of each other service, each a process of its own.
 */
public final class EndToEnd implements ParameterResolver, AfterAllCallback {
    private static final Namespace NAMESPACE = Namespace.create(EndToEnd.class);

    /**
     * What the tests share. Image names are their own.
     *
     * @param source nginx as it comes
     * @param slow the same files, 10 MiB a second per connection: time to do something meanwhile
     * @param plain the same files, without ranges and without entity tags
     */
    public record World(
            Sandbox sandbox, Images images, Path files, Nginx source, Nginx slow, Nginx plain, Path directory)
            implements AutoCloseable {
        static World start() throws IOException {
            Path parent =
                    Files.createDirectories(Path.of("target", "end-to-end").toAbsolutePath());
            Path directory = Files.createTempDirectory(parent, "world-");
            Path files = Files.createDirectories(directory.resolve("files"));
            SandboxOptions options = SandboxOptions.in(directory.resolve("sandbox"))
                    .with("FETCH_RETRY_BUDGET", "5s")
                    .with("MAX_UPLOAD_SIZE", "8Gi")
                    .with("UPLOAD_DEADLINE", "60m")
                    // Long enough for staging to be cleaned a second time, as it is a minute after the last work.
                    .with("WITHDRAWN_KEPT", "90s")
                    .with("RESYNC", "5s");
            for (Service service : Service.values()) {
                options = options.with(service, count(service));
            }
            Sandbox sandbox = Sandbox.start(options);
            return new World(
                    sandbox,
                    new Images(sandbox.kubeconfig(), "default"),
                    files,
                    Nginx.start(directory.resolve("nginx"), files, ""),
                    Nginx.start(directory.resolve("nginx-slow"), files, "limit_rate 10m;"),
                    Nginx.start(directory.resolve("nginx-plain"), files, "max_ranges 0; etag off;"),
                    directory);
        }

        private static int count(Service service) {
            return switch (service) {
                case FETCHER -> 3;
                case PUBLISHER -> 2;
                case WATCHER, CONVERTER, STATUS_WRITER -> 1;
            };
        }

        /** The components, by name and version. */
        List<String> describe() {
            List<String> all = new ArrayList<>(sandbox.describeComponents());
            all.add(source.describe());
            return all;
        }

        @Override
        public void close() throws IOException {
            plain.close();
            slow.close();
            source.close();
            images.close();
            sandbox.close();
            // The logs stay for whoever wonders what happened; the data would pile up.
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                    if (Files.isRegularFile(file) && !file.toString().endsWith(".log")) {
                        Files.deleteIfExists(file);
                    }
                }
            }
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == World.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return world(context);
    }

    private static World world(ExtensionContext context) {
        return context.getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE)
                .computeIfAbsent(
                        World.class,
                        _ -> {
                            try {
                                return World.start();
                            } catch (IOException e) {
                                throw new IllegalStateException("no folder for the end-to-end tests", e);
                            }
                        },
                        World.class);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        System.out.println("[components] " + context.getRequiredTestClass().getSimpleName() + ": "
                + String.join(", ", world(context).describe()));
    }
}
