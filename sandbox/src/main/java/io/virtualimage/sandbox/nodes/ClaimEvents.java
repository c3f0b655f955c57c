package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Says on a claim, as an Event of the provisioner, why it gets no volume; each thing once in a run of this node. */
final class ClaimEvents {
    private final KubernetesClient client;
    private final Clock clock;
    private final Set<String> said = ConcurrentHashMap.newKeySet();

    ClaimEvents(KubernetesClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    void provisioningFailed(PersistentVolumeClaim claim, String message) {
        if (!said.add(claim.getMetadata().getUid() + " " + message)) {
            return;
        }
        String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        client.resource(new EventBuilder()
                        .withNewMetadata()
                        .withGenerateName(claim.getMetadata().getName() + ".")
                        .withNamespace(claim.getMetadata().getNamespace())
                        .endMetadata()
                        .withType("Warning")
                        .withReason("ProvisioningFailed")
                        .withMessage(message)
                        .withFirstTimestamp(now)
                        .withLastTimestamp(now)
                        .withCount(1)
                        .withNewSource()
                        .withComponent(LocalStorage.PROVISIONER)
                        .endSource()
                        .withNewInvolvedObject()
                        .withApiVersion("v1")
                        .withKind("PersistentVolumeClaim")
                        .withNamespace(claim.getMetadata().getNamespace())
                        .withName(claim.getMetadata().getName())
                        .withUid(claim.getMetadata().getUid())
                        .endInvolvedObject()
                        .build())
                .create();
    }
}
