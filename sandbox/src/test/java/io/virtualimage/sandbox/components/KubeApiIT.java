package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Components.class)
class KubeApiIT {

    @Test
    void makesAConfigMap(KubeApi api) {
        try (KubernetesClient client = api.newClient()) {
            client.resource(configMap("kube-api-it")).serverSideApply();

            assertThat(client.configMaps()
                            .inNamespace("default")
                            .withName("kube-api-it")
                            .get()
                            .getData())
                    .containsEntry("key", "value");
            assertThat(client.getKubernetesVersion().getGitVersion()).startsWith("v1.");
            assertThat(api.describe()).contains(client.getKubernetesVersion().getGitVersion());
        }
    }

    @Test
    void holdsUsersToTheirRoles(KubeApi api) {
        Config config = Config.fromKubeconfig(api.kubeconfig().toFile());
        config.setImpersonateUsername("nobody-in-particular");
        try (KubernetesClient client =
                new KubernetesClientBuilder().withConfig(config).build()) {
            assertThatThrownBy(() -> client.configMaps().inNamespace("default").list())
                    .isInstanceOfSatisfying(
                            KubernetesClientException.class,
                            refusal -> assertThat(refusal.getCode()).isEqualTo(403));
        }
    }

    @Test
    void servesACustomResourceOnceItsDefinitionIsApplied(KubeApi api, @TempDir Path folder) throws Exception {
        Path definition = Files.writeString(folder.resolve("crd.yaml"), """
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: things.it.virtualimage.io}
                spec:
                  group: it.virtualimage.io
                  scope: Namespaced
                  names: {plural: things, singular: thing, kind: Thing}
                  versions:
                  - name: v1
                    served: true
                    storage: true
                    schema:
                      openAPIV3Schema:
                        type: object
                        properties:
                          spec: {type: object, properties: {size: {type: integer, minimum: 1}}}
                """);
        api.apply(definition);
        api.apply(definition);

        try (KubernetesClient client = api.newClient()) {
            GenericKubernetesResource thing = new GenericKubernetesResource();
            thing.setApiVersion("it.virtualimage.io/v1");
            thing.setKind("Thing");
            thing.setMetadata(new ConfigMapBuilder(configMap("thing")).buildMetadata());
            thing.setAdditionalProperty("spec", Map.of("size", 1));
            assertThat(client.resource(thing).create().getMetadata().getUid()).isNotBlank();
            thing.setAdditionalProperty("spec", Map.of("size", 0));
            assertThatThrownBy(() -> client.resource(thing).update()).hasMessageContaining("spec.size");
        }
    }

    @Test
    void keepsObjectsAndAddressOverARestart(@TempDir Path directory, UsedComponents used) {
        String address;
        try (KubeApi api = used.add(KubeApi.start(directory));
                KubernetesClient client = api.newClient()) {
            address = client.getMasterUrl().toString();
            client.resource(configMap("restarted")).create();
            api.apiServerProcess().kill();
        }
        try (KubeApi api = KubeApi.start(directory);
                KubernetesClient client = api.newClient()) {
            assertThat(client.getMasterUrl()).hasToString(address);
            assertThat(client.configMaps()
                            .inNamespace("default")
                            .withName("restarted")
                            .get())
                    .isNotNull();
        }
    }

    @Test
    void anExistingClusterIsLeftRunning(KubeApi api) {
        try (KubeApi existing = KubeApi.existing(api.kubeconfig())) {
            assertThat(existing.describe()).contains("existing cluster", "v1.");
        }
        try (KubernetesClient client = api.newClient()) {
            assertThat(client.raw("/readyz")).isEqualTo("ok");
        }
    }

    private static ConfigMap configMap(String name) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .addToData("key", "value")
                .build();
    }
}
