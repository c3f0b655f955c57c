package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Looks up the values of a container's variables. */
final class ContainerVariables {
    private final KubernetesClient client;

    ContainerVariables(KubernetesClient client) {
        this.client = client;
    }

    /**
     * In the Pod's order.
     *
     * @throws NotYetException if a Secret or ConfigMap, or the key in it, isn't there
     * @throws UnsupportedPodException if a value comes from anywhere else
     */
    List<Launch.Variable> of(Pod pod, Container container) {
        if (!container.getEnvFrom().isEmpty()) {
            throw new UnsupportedPodException("container " + container.getName() + " uses envFrom");
        }
        List<Launch.Variable> variables = new ArrayList<>();
        for (EnvVar variable : container.getEnv()) {
            EnvVarSource source = variable.getValueFrom();
            if (source == null) {
                String value = variable.getValue() == null ? "" : variable.getValue();
                variables.add(new Launch.Variable(variable.getName(), value, true));
            } else {
                valueOf(pod, variable.getName(), source)
                        .ifPresent(value -> variables.add(new Launch.Variable(variable.getName(), value, false)));
            }
        }
        return variables;
    }

    private Optional<String> valueOf(Pod pod, String variable, EnvVarSource source) {
        if (source.getSecretKeyRef() != null) {
            var reference = source.getSecretKeyRef();
            return valueIn(
                    secret(pod, reference.getName()),
                    reference.getKey(),
                    "secret \"" + reference.getName() + "\"",
                    reference.getOptional());
        }
        if (source.getConfigMapKeyRef() != null) {
            var reference = source.getConfigMapKeyRef();
            return valueIn(
                    configMap(pod, reference.getName()),
                    reference.getKey(),
                    "configmap \"" + reference.getName() + "\"",
                    reference.getOptional());
        }
        if (source.getFieldRef() != null) {
            return Optional.of(field(pod, variable, source.getFieldRef().getFieldPath()));
        }
        throw new UnsupportedPodException("variable " + variable + " comes from neither a key nor a field of the Pod");
    }

    private static Optional<String> valueIn(
            Map<String, String> values, String key, String owner, @Nullable Boolean optional) {
        @Nullable String value = values.get(key);
        if (value == null && !Boolean.TRUE.equals(optional)) {
            throw new NotYetException(owner + " has no key \"" + key + "\", or is not there");
        }
        return Optional.ofNullable(value);
    }

    /** Values of the Secret; none if there is no such Secret. */
    Map<String, String> secret(Pod pod, String name) {
        @Nullable
        Secret secret = client.secrets()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(name)
                .get();
        if (secret == null || secret.getData() == null) {
            return Map.of();
        }
        Map<String, String> values = new TreeMap<>();
        secret.getData()
                .forEach((key, value) ->
                        values.put(key, new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
        return values;
    }

    /** Values of the ConfigMap, without the binary ones; none if there is no such ConfigMap. */
    Map<String, String> configMap(Pod pod, String name) {
        @Nullable
        ConfigMap map = client.configMaps()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(name)
                .get();
        return map == null || map.getData() == null ? Map.of() : map.getData();
    }

    private static String field(Pod pod, String variable, String path) {
        return switch (path) {
            case "metadata.name" -> pod.getMetadata().getName();
            case "metadata.namespace" -> pod.getMetadata().getNamespace();
            case "metadata.uid" -> pod.getMetadata().getUid();
            case "spec.nodeName" -> pod.getSpec().getNodeName();
            case "status.podIP", "status.hostIP" -> NodeRunner.ADDRESS;
            default -> throw new UnsupportedPodException("variable " + variable + " asks for the Pod's field " + path);
        };
    }
}
