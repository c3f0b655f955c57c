package io.virtualimage.sandbox.simulator;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.virtualimage.fetcher.volume.VolumeObjects;
import java.util.List;
import java.util.Map;

/** A cluster without volumes: no image is made from one here. */
final class SimVolumes implements VolumeObjects {
    @Override
    public PersistentVolumeClaim claim(String namespace, String name) {
        return null;
    }

    @Override
    public Snapshot snapshot(String namespace, String name) {
        return null;
    }

    @Override
    public Job job(String namespace, String name) {
        return null;
    }

    @Override
    public List<Pod> podsOf(String namespace, String jobUid) {
        return List.of();
    }

    @Override
    public String refusalOf(Job job) {
        return null;
    }

    @Override
    public Job create(Job job) {
        throw new IllegalStateException("there are no Jobs in the simulator");
    }

    @Override
    public void create(PersistentVolumeClaim claim) {
        throw new IllegalStateException("there are no claims in the simulator");
    }

    @Override
    public void removeJob(String namespace, String name) {}

    @Override
    public void removeClaim(String namespace, String name) {}

    @Override
    public List<Job> jobs(String namespace, Map<String, String> labels) {
        return List.of();
    }

    @Override
    public List<PersistentVolumeClaim> claims(String namespace, Map<String, String> labels) {
        return List.of();
    }
}
