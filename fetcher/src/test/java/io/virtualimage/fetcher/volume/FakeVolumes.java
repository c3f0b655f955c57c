package io.virtualimage.fetcher.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A namespace with what reading a volume needs, in memory; what comes of a Job, a test says. */
public final class FakeVolumes implements VolumeObjects {
    /** When all Jobs were made. */
    static final String CREATED = "2026-01-01T00:00:00Z";

    final Map<String, PersistentVolumeClaim> claims = new TreeMap<>();
    final Map<String, Snapshot> snapshots = new HashMap<>();
    final Map<String, Job> jobs = new TreeMap<>();
    final List<Pod> pods = new ArrayList<>();
    String refusal;
    boolean away;

    private int made;

    private void check() {
        if (away) {
            throw new KubernetesClientException("connection refused");
        }
    }

    @Override
    public PersistentVolumeClaim claim(String namespace, String name) {
        check();
        return claims.get(name);
    }

    @Override
    public Snapshot snapshot(String namespace, String name) {
        check();
        return snapshots.get(name);
    }

    @Override
    public Job job(String namespace, String name) {
        check();
        return jobs.get(name);
    }

    @Override
    public List<Pod> podsOf(String namespace, String jobUid) {
        check();
        return pods.stream()
                .filter(pod -> pod.getMetadata().getOwnerReferences().stream()
                        .anyMatch(owner -> owner.getUid().equals(jobUid)))
                .toList();
    }

    @Override
    public String refusalOf(Job job) {
        check();
        return refusal;
    }

    @Override
    public Job create(Job job) {
        check();
        Job created = job.edit()
                .editMetadata()
                .withUid("job-uid-" + ++made)
                .withCreationTimestamp(CREATED)
                .endMetadata()
                .build();
        return jobs.computeIfAbsent(job.getMetadata().getName(), name -> created);
    }

    @Override
    public void create(PersistentVolumeClaim claim) {
        check();
        claims.putIfAbsent(claim.getMetadata().getName(), claim);
    }

    @Override
    public void removeJob(String namespace, String name) {
        check();
        jobs.remove(name);
    }

    @Override
    public void removeClaim(String namespace, String name) {
        check();
        claims.remove(name);
    }

    @Override
    public List<Job> jobs(String namespace, Map<String, String> labels) {
        check();
        return jobs.values().stream()
                .filter(job -> job.getMetadata().getLabels().entrySet().containsAll(labels.entrySet()))
                .toList();
    }

    @Override
    public List<PersistentVolumeClaim> claims(String namespace, Map<String, String> labels) {
        check();
        return claims.values().stream()
                .filter(claim -> claim.getMetadata().getLabels() != null
                        && claim.getMetadata().getLabels().entrySet().containsAll(labels.entrySet()))
                .toList();
    }
}
