package io.virtualimage.sandbox.components;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.virtualimage.sandbox.nodes.NodeRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests the real components that they name as parameters (of a test, a lifecycle method or a constructor):
 * {@link TestBroker}, {@link S3ProxyStore}, {@link MinioServer}, {@link Registry}, {@link KubeApi}, and {@link NodeRunner},
 * which comes with each API that is started. Each is started when the first test asks for it, shared by all classes of the JVM and stopped with it, so tests use topics, buckets,
 * repositories and namespaces of their own names, and never close it. A component that can't be had fails the test.
 *
 * <p>After each class one line says what it ran on. A test that starts a component of its own says so through
 * {@link UsedComponents}, which is a parameter too.
 */
public final class Components implements ParameterResolver, AfterAllCallback {

    private static final Namespace NAMESPACE = Namespace.create(Components.class);

    private static final Map<Class<?>, Function<Path, RunningComponent>> STARTERS = Map.of(
            TestBroker.class, Brokers::forTests,
            S3ProxyStore.class, S3ProxyStore::start,
            MinioServer.class, MinioServer::start,
            Registry.class, Registry::givenOrStarted,
            KubeApi.class, KubeApi::givenOrStarted);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == UsedComponents.class || type == NodeRunner.class || STARTERS.containsKey(type);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        if (type == UsedComponents.class) {
            return used(context);
        }
        if (type != KubeApi.class && type != NodeRunner.class) {
            return used(context).add(shared(context, type, STARTERS.get(type)));
        }
        KubeApi api = (KubeApi) used(context).add(shared(context, KubeApi.class, STARTERS.get(KubeApi.class)));
        if (api.isStartedHere()) {
            // Every test's cluster has a node, as every cluster has.
            RunningComponent node = shared(context, NodeRunner.class, directory -> node(api, directory));
            return type == KubeApi.class ? api : used(context).add(node);
        }
        assumeTrue(type == KubeApi.class, "an existing cluster has nodes of its own");
        return api;
    }

    private static NodeRunner node(KubeApi api, Path directory) {
        api.applyAll(SandboxHome.find().directory().resolve("k8s/crds/external"));
        return NodeRunner.start(api, directory);
    }

    private static RunningComponent shared(
            ExtensionContext context, Class<?> type, Function<Path, RunningComponent> starter) {
        return context.getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE)
                .computeIfAbsent(type, _ -> start(type, starter), Shared.class)
                .component();
    }

    private static Shared start(Class<?> type, Function<Path, RunningComponent> starter) {
        try {
            Path parent = Files.createDirectories(Path.of("target", "components"));
            Path directory = Files.createTempDirectory(parent, type.getSimpleName() + "-");
            return new Shared(starter.apply(directory.toAbsolutePath()), directory);
        } catch (IOException e) {
            throw new ComponentException("No folder could be made for " + type.getSimpleName(), e);
        }
    }

    /** The store closes it when the JVM's tests are over. */
    private record Shared(RunningComponent component, Path directory) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            component.close();
            // Logs stay for whoever wonders what happened; the data would pile up.
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    boolean log = file.toString().endsWith(".log") && directory.equals(file.getParent());
                    if (!log && !file.equals(directory)) {
                        Files.deleteIfExists(file);
                    }
                }
            }
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Class<?> suite = context.getRequiredTestClass();
        if (!suite.isMemberClass()) {
            used(context).print(suite.getSimpleName(), System.out);
        }
    }

    /** One per top-level class. */
    private static UsedComponents used(ExtensionContext context) {
        Class<?> suite = context.getRequiredTestClass();
        while (suite.getEnclosingClass() != null) {
            suite = suite.getEnclosingClass();
        }
        Store store = context.getRoot().getStore(NAMESPACE);
        return store.computeIfAbsent(suite, _ -> new UsedComponents(), UsedComponents.class);
    }
}
