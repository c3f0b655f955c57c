package io.virtualimage.sandbox.stage;

import io.fabric8.kubernetes.api.model.authentication.TokenRequest;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.sandbox.components.KubeApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The accounts that the manifests make, one per service. */
final class ServiceAccounts {
    /** Where they are. */
    static final String NAMESPACE = "virtualimage-system";

    private ServiceAccounts() {}

    /** Writes a kubeconfig of the service's own account, which may do what its manifest says and nothing else. */
    static Path kubeconfig(KubeApi api, String service, Path file) throws IOException {
        try (KubernetesClient client = api.newClient()) {
            TokenRequest asked = client.serviceAccounts()
                    .inNamespace(NAMESPACE)
                    .withName("virtualimage-" + service)
                    .tokenRequest(new TokenRequestBuilder()
                            .withNewSpec()
                            .withExpirationSeconds(3600L)
                            .endSpec()
                            .build());
            Config of = Config.fromKubeconfig(api.kubeconfig().toFile());
            return Files.writeString(
                    file, """
                    apiVersion: v1
                    kind: Config
                    clusters:
                    - {name: c, cluster: {server: '%s', insecure-skip-tls-verify: true}}
                    users:
                    - {name: u, user: {token: '%s'}}
                    contexts:
                    - {name: x, context: {cluster: c, user: u}}
                    current-context: x
                    """.formatted(of.getMasterUrl(), asked.getStatus().getToken()));
        }
    }
}
