package io.virtualimage.sandbox.components;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A Kubernetes API with all its own rules (admission, RBAC, custom resources, server-side apply) and the controllers
 * that need no node: Jobs make Pods and go when their time is up, quotas count, owners take what they own with them,
 * deleted namespaces go, claims are bound. No kubelet and no scheduler: {@link io.virtualimage.sandbox.nodes} plays them.
 * No ServiceAccounts either. The kubeconfig's user may do everything.
 */
public final class KubeApi implements RunningComponent {

    /** The environment variable that allows to take the cluster of {@code KUBECONFIG}. */
    public static final String USE_KUBECONFIG = "USE_KUBECONFIG";

    private final Path kubeconfig;
    private final @Nullable ApiServer server;
    private final @Nullable ControllerManager controllers;
    private final String description;

    private KubeApi(
            Path kubeconfig, @Nullable ApiServer server, @Nullable ControllerManager controllers, String description) {
        this.kubeconfig = kubeconfig;
        this.server = server;
        this.controllers = controllers;
        this.description = description;
    }

    /**
     * Starts etcd, kube-apiserver and kube-controller-manager, and returns when the API is ready: about 10 s. The
     * controllers follow a few seconds later. Data, certificates, tokens and ports stay in the directory.
     */
    public static KubeApi start(Path directory) {
        ApiServer server = ApiServer.start(directory);
        try {
            ControllerManager controllers = ControllerManager.start(directory.toAbsolutePath(), server.kubeconfig());
            String description = server.describe() + ", " + controllers.describe();
            return new KubeApi(server.kubeconfig(), server, controllers, description);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /**
     * A cluster that runs already; nothing is started, nor stopped by {@link #close}.
     *
     * @throws ComponentException if it doesn't answer
     */
    public static KubeApi existing(Path kubeconfig) {
        if (!Files.isReadable(kubeconfig)) {
            throw new ComponentException("The kubeconfig " + kubeconfig + " can't be read");
        }
        Config config = Config.fromKubeconfig(kubeconfig.toFile());
        config.setRequestRetryBackoffLimit(0);
        try (KubernetesClient client =
                new KubernetesClientBuilder().withConfig(config).build()) {
            String version = client.getKubernetesVersion().getGitVersion();
            return new KubeApi(kubeconfig, null, null, "existing cluster " + client.getMasterUrl() + " " + version);
        } catch (KubernetesClientException e) {
            throw new ComponentException("The cluster of " + kubeconfig + " doesn't answer: " + e.getMessage(), e);
        }
    }

    /**
     * The cluster of the environment's {@code KUBECONFIG} if {@value #USE_KUBECONFIG} is {@code true}, else a started
     * one. Both have to be said, because many a shell has a KUBECONFIG that leads to something precious.
     */
    public static KubeApi givenOrStarted(Path directory) {
        return given(System.getenv()).map(KubeApi::existing).orElseGet(() -> start(directory));
    }

    static Optional<Path> given(Map<String, String> environment) {
        if (!environment.getOrDefault(USE_KUBECONFIG, "").strip().equals("true")) {
            return Optional.empty();
        }
        String kubeconfig = environment.getOrDefault("KUBECONFIG", "").strip();
        if (kubeconfig.isEmpty()) {
            throw new ComponentException(USE_KUBECONFIG + " is true, but KUBECONFIG names no file");
        }
        return Optional.of(Path.of(kubeconfig));
    }

    /** Whether it was started here, so that nodes are wanted; an existing cluster has its own. */
    public boolean isStartedHere() {
        return server != null;
    }

    /** A file for {@code kubectl}, and for {@code KUBECONFIG}. */
    public Path kubeconfig() {
        return kubeconfig;
    }

    /** A client of one's own, to be closed by the caller. */
    public KubernetesClient newClient() {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
                .build();
    }

    /**
     * Applies all documents of a YAML file, server-side, with force; may be called again. Returns when the custom
     * resources that it defines are served.
     */
    public void apply(Path file) {
        try (KubernetesClient client = newClient();
                InputStream yaml = Files.newInputStream(file)) {
            List<HasMetadata> applied = client.load(yaml).forceConflicts().serverSideApply();
            for (HasMetadata object : applied) {
                if (object instanceof CustomResourceDefinition definition) {
                    awaitServed(client, definition);
                }
            }
        } catch (IOException e) {
            throw new ComponentException(file + " can't be read", e);
        } catch (KubernetesClientException e) {
            throw new ComponentException(file + " can't be applied: " + e.getMessage(), e);
        }
    }

    /** {@link #apply} for each {@code *.yaml} of a folder, in the order of their names. */
    public void applyAll(Path folder) {
        List<Path> documents;
        try (Stream<Path> files = Files.list(folder)) {
            documents = files.filter(file -> file.toString().endsWith(".yaml"))
                    .filter(file -> !file.endsWith("kustomization.yaml"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new ComponentException(folder + " can't be read", e);
        }
        documents.forEach(this::apply);
    }

    private static void awaitServed(KubernetesClient client, CustomResourceDefinition definition) {
        client.resource(definition).waitUntilCondition(KubeApi::isEstablished, 30, TimeUnit.SECONDS);
        String group = "/apis/" + definition.getSpec().getGroup();
        for (CustomResourceDefinitionVersion version : definition.getSpec().getVersions()) {
            if (version.getServed()) {
                String path = group + "/" + version.getName() + "/"
                        + definition.getSpec().getNames().getPlural();
                awaitServed(client, path);
            }
        }
    }

    /** "Established" comes a moment before the path does. */
    private static void awaitServed(KubernetesClient client, String path) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        try {
            // The client's way of saying 404.
            while (client.raw(path + "?limit=1") == null) {
                if (System.nanoTime() > deadline) {
                    throw new ComponentException(path + " is still not served 30 s after its definition was accepted");
                }
                Thread.sleep(50);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("Interrupted while waiting for " + path, e);
        }
    }

    private static boolean isEstablished(@Nullable CustomResourceDefinition definition) {
        return definition != null
                && definition.getStatus() != null
                && definition.getStatus().getConditions() != null
                && definition.getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Established")
                                && condition.getStatus().equals("True"));
    }

    /** The apiserver's process, for tests that kill it. */
    public LocalProcess apiServerProcess() {
        if (server == null) {
            throw new IllegalStateException("an existing cluster is no process of ours");
        }
        return server.process();
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public void close() {
        try {
            if (controllers != null) {
                controllers.close();
            }
        } finally {
            if (server != null) {
                server.close();
            }
        }
    }
}
