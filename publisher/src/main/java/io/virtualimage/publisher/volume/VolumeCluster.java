package io.virtualimage.publisher.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.virtualimage.k8s.volume.JobWait;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Incarnation;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Claims and Jobs, as far as publishers make them. All methods may be repeated. An API server that is away, or says no, is
 * an outage; a quota that leaves no room is told as such.
 */
public interface VolumeCluster {
    /**
     * What a storage class offers.
     *
     * @param storageClass null for the cluster's default
     */
    ClassOffer offer(@Nullable String storageClass) throws TaskDeferredException, InterruptedException;

    /** The claim of that name, as it stands. */
    Optional<PersistentVolumeClaim> claim(String namespace, String name)
            throws TaskDeferredException, InterruptedException;

    /** The claims that were made for an image, in any version. */
    List<PersistentVolumeClaim> claims(Incarnation image) throws TaskDeferredException, InterruptedException;

    /** The Jobs that were made to fill volumes for an image, in any version. */
    List<Job> jobs(Incarnation image) throws TaskDeferredException, InterruptedException;

    /** The Jobs that were made to fill volumes, in all namespaces. */
    List<Job> jobs() throws TaskDeferredException, InterruptedException;

    /** Makes a claim; without effect if there is one of that name. */
    void create(PersistentVolumeClaim claim) throws TaskDeferredException, InterruptedException;

    /** Makes a Job; without effect if there is one of that name. */
    void create(Job job) throws TaskDeferredException, InterruptedException;

    /** Asks for the deletion of just this claim; one that is mounted goes when it isn't any more. */
    void delete(PersistentVolumeClaim claim) throws TaskDeferredException, InterruptedException;

    /** Asks for the deletion of just this Job, which goes after its Pods. */
    void delete(Job job) throws TaskDeferredException, InterruptedException;

    /** What the last of a Job's Pods ended with; empty if none says anything. */
    Optional<PodEnd> lastEnd(Job job) throws TaskDeferredException, InterruptedException;

    /** What a Job that has not ended waits for. */
    JobWait waiting(Job job) throws TaskDeferredException, InterruptedException;

    /** How a Pod ended. */
    record PodEnd(int exitCode, String words) {}
}
