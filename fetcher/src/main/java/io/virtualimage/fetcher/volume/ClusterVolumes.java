package io.virtualimage.fetcher.volume;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The objects, in a cluster. */
public final class ClusterVolumes implements VolumeObjects {
    private static final int CONFLICT = 409;

    /** Of Pods, by the Job controller. */
    private static final String JOB_UID_LABEL = "batch.kubernetes.io/controller-uid";

    private static final ResourceDefinitionContext SNAPSHOT = new ResourceDefinitionContext.Builder()
            .withGroup("snapshot.storage.k8s.io")
            .withVersion("v1")
            .withKind("VolumeSnapshot")
            .withPlural("volumesnapshots")
            .withNamespaced(true)
            .build();

    private final KubernetesClient client;

    public ClusterVolumes(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public @Nullable PersistentVolumeClaim claim(String namespace, String name) {
        return client.persistentVolumeClaims()
                .inNamespace(namespace)
                .withName(name)
                .get();
    }

    @Override
    public @Nullable Snapshot snapshot(String namespace, String name) {
        GenericKubernetesResource found = client.genericKubernetesResources(SNAPSHOT)
                .inNamespace(namespace)
                .withName(name)
                .get();
        if (found == null) {
            return null;
        }
        Object ready = found.get("status", "readyToUse");
        Object size = found.get("status", "restoreSize");
        Object claim = found.get("spec", "source", "persistentVolumeClaimName");
        return new Snapshot(
                found.getMetadata().getUid(),
                Boolean.TRUE.equals(ready),
                size == null ? null : size.toString(),
                claim == null ? null : claim.toString(),
                Objects.requireNonNullElse(found.getMetadata().getAnnotations(), Map.of()));
    }

    @Override
    public @Nullable Job job(String namespace, String name) {
        return client.batch().v1().jobs().inNamespace(namespace).withName(name).get();
    }

    @Override
    public List<Pod> podsOf(String namespace, String jobUid) {
        return client.pods()
                .inNamespace(namespace)
                .withLabel(JOB_UID_LABEL, jobUid)
                .list()
                .getItems();
    }

    @Override
    public @Nullable String refusalOf(Job job) {
        return client
                .v1()
                .events()
                .inNamespace(job.getMetadata().getNamespace())
                .withField("involvedObject.uid", job.getMetadata().getUid())
                .withField("reason", "FailedCreate")
                .list()
                .getItems()
                .stream()
                .filter(event -> event.getMessage() != null)
                .max(Comparator.comparing(ClusterVolumes::lastSeen))
                .map(Event::getMessage)
                .orElse(null);
    }

    /** As text, in which times of one form are in order. */
    private static String lastSeen(Event event) {
        return Objects.requireNonNullElse(
                event.getLastTimestamp(), event.getMetadata().getCreationTimestamp());
    }

    @Override
    public Job create(Job job) {
        try {
            return client.resource(job).create();
        } catch (KubernetesClientException e) {
            Job there = e.getCode() == CONFLICT
                    ? job(job.getMetadata().getNamespace(), job.getMetadata().getName())
                    : null;
            if (there == null) {
                throw e;
            }
            return there;
        }
    }

    @Override
    public void create(PersistentVolumeClaim claim) {
        try {
            client.resource(claim).create();
        } catch (KubernetesClientException e) {
            if (e.getCode() != CONFLICT) {
                throw e;
            }
        }
    }

    @Override
    public void removeJob(String namespace, String name) {
        client.batch()
                .v1()
                .jobs()
                .inNamespace(namespace)
                .withName(name)
                .withPropagationPolicy(DeletionPropagation.BACKGROUND)
                .delete();
    }

    @Override
    public void removeClaim(String namespace, String name) {
        client.persistentVolumeClaims().inNamespace(namespace).withName(name).delete();
    }

    @Override
    public List<Job> jobs(String namespace, Map<String, String> labels) {
        return client.batch()
                .v1()
                .jobs()
                .inNamespace(namespace)
                .withLabels(labels)
                .list()
                .getItems();
    }

    @Override
    public List<PersistentVolumeClaim> claims(String namespace, Map<String, String> labels) {
        return client.persistentVolumeClaims()
                .inNamespace(namespace)
                .withLabels(labels)
                .list()
                .getItems();
    }
}
