package io.virtualimage.fetcher.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The objects of an image's namespace that reading a volume needs. All methods may be repeated. */
public interface VolumeObjects {
    /** A claim as it stands now; null if there is none. All methods throw {@link KubernetesClientException} if nobody answers. */
    @Nullable
    PersistentVolumeClaim claim(String namespace, String name);

    /** A VolumeSnapshot as it stands now; null if there is none. */
    @Nullable
    Snapshot snapshot(String namespace, String name);

    /** A Job as it stands now; null if there is none. */
    @Nullable
    Job job(String namespace, String name);

    /** The Pods that were made for a Job, by its UID, and are still there. */
    List<Pod> podsOf(String namespace, String jobUid);

    /** Why the last Pod could not be made for a Job, as its controller says it; null if it says nothing. */
    @Nullable
    String refusalOf(Job job);

    /** Creates it; returns what is there afterwards, which somebody else may have created. */
    Job create(Job job);

    /** Creates it, unless there is one of that name. */
    void create(PersistentVolumeClaim claim);

    /** Removes a Job and its Pods, if it is there. */
    void removeJob(String namespace, String name);

    /** Removes a claim, if it is there; it goes when no Pod uses it any more. */
    void removeClaim(String namespace, String name);

    /** The Jobs with all of these labels. */
    List<Job> jobs(String namespace, Map<String, String> labels);

    /** The claims with all of these labels. */
    List<PersistentVolumeClaim> claims(String namespace, Map<String, String> labels);

    /**
     * A VolumeSnapshot (snapshot.storage.k8s.io/v1).
     *
     * @param uid of the object
     * @param ready whether claims can be made from it
     * @param restoreSize the least that such a claim asks for, as Kubernetes writes it; null if it doesn't say
     * @param sourceClaim the claim that it was taken of; null if it was taken of something else
     * @param annotations in which whoever took it may have said what that claim was like
     */
    record Snapshot(
            String uid,
            boolean ready,
            @Nullable String restoreSize,
            @Nullable String sourceClaim,
            Map<String, String> annotations) {
        public Snapshot {
            annotations = Map.copyOf(annotations);
        }
    }
}
