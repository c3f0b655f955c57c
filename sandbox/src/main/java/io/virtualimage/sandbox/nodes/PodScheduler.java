package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Puts every Pod on the one node, as soon as its claims are bound, and has those bound that wait for it. Asks neither for
 * resources nor for affinity.
 */
final class PodScheduler {
    private static final String SCHEDULER = "default-scheduler";

    private final KubernetesClient client;
    private final ClusterView view;

    PodScheduler(KubernetesClient client, ClusterView view) {
        this.client = client;
        this.view = view;
    }

    /** Does what is next for a Pod without a node. */
    void schedule(Pod pod) {
        if (pod.getSpec().getNodeName() != null
                || pod.getMetadata().getDeletionTimestamp() != null
                || !pod.getSpec().getSchedulingGates().isEmpty()
                || !SCHEDULER.equals(pod.getSpec().getSchedulerName())) {
            return;
        }
        String namespace = pod.getMetadata().getNamespace();
        List<String> claims = pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getPersistentVolumeClaim() != null)
                .map(PodScheduler::claimName)
                .toList();
        for (String name : claims) {
            Optional<PersistentVolumeClaim> claim = view.claim(namespace, name);
            if (claim.isEmpty()) {
                refuse(pod, "persistentvolumeclaim \"" + name + "\" not found");
                return;
            }
            if (claim.get().getMetadata().getDeletionTimestamp() != null) {
                refuse(pod, "persistentvolumeclaim \"" + name + "\" is being deleted");
                return;
            }
        }
        List<PersistentVolumeClaim> unbound = claims.stream()
                .flatMap(name -> view.claim(namespace, name).stream())
                .filter(claim -> claim.getStatus() == null
                        || !"Bound".equals(claim.getStatus().getPhase()))
                .toList();
        if (unbound.isEmpty()) {
            bind(pod);
        }
        unbound.forEach(this::selectNode);
    }

    private static String claimName(Volume volume) {
        return volume.getPersistentVolumeClaim().getClaimName();
    }

    private void selectNode(PersistentVolumeClaim claim) {
        boolean waits = Optional.ofNullable(claim.getSpec().getStorageClassName())
                .flatMap(view::storageClass)
                .filter(type -> LocalStorage.WAIT_FOR_FIRST_CONSUMER.equals(type.getVolumeBindingMode()))
                .isPresent();
        if (waits && !claim.getMetadata().getAnnotations().containsKey(VolumeProvisioner.SELECTED_NODE)) {
            client.persistentVolumeClaims()
                    .inNamespace(claim.getMetadata().getNamespace())
                    .withName(claim.getMetadata().getName())
                    .patch(
                            PatchContext.of(PatchType.JSON_MERGE),
                            client.getKubernetesSerialization()
                                    .asJson(Map.of(
                                            "metadata",
                                            Map.of(
                                                    "uid",
                                                    claim.getMetadata().getUid(),
                                                    "annotations",
                                                    Map.of(VolumeProvisioner.SELECTED_NODE, NodeRunner.NODE)))));
        }
    }

    private void bind(Pod pod) {
        client.bindings()
                .inNamespace(pod.getMetadata().getNamespace())
                .resource(new BindingBuilder()
                        .withNewMetadata()
                        .withName(pod.getMetadata().getName())
                        .withNamespace(pod.getMetadata().getNamespace())
                        .withUid(pod.getMetadata().getUid())
                        .endMetadata()
                        .withNewTarget()
                        .withApiVersion("v1")
                        .withKind("Node")
                        .withName(NodeRunner.NODE)
                        .endTarget()
                        .build())
                .create();
    }

    private void refuse(Pod pod, String why) {
        boolean said = pod.getStatus() != null
                && pod.getStatus().getConditions().stream().anyMatch(condition -> why.equals(condition.getMessage()));
        if (!said) {
            Map<String, String> condition =
                    Map.of("type", "PodScheduled", "status", "False", "reason", "Unschedulable", "message", why);
            client.pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .subresource("status")
                    .patch(
                            PatchContext.of(PatchType.STRATEGIC_MERGE),
                            client.getKubernetesSerialization()
                                    .asJson(Map.of(
                                            "metadata",
                                            Map.of("uid", pod.getMetadata().getUid()),
                                            "status",
                                            Map.of("conditions", List.of(condition)))));
        }
    }
}
