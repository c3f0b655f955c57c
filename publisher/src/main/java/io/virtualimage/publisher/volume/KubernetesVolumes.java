package io.virtualimage.publisher.volume;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.virtualimage.k8s.volume.ImageOwner;
import io.virtualimage.k8s.volume.JobWait;
import io.virtualimage.k8s.volume.VolumeWork;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The real cluster. Nothing is watched or kept: what is asked is answered by the API server. */
public final class KubernetesVolumes implements VolumeCluster {
    /** A quota is asked again after this. */
    private static final Duration QUOTA = Duration.ofSeconds(15);

    private static final int UNPROCESSABLE = 422;
    private static final String JOB_NAME = "batch.kubernetes.io/job-name";

    /** The platform's, where it is installed. */
    private static final ResourceDefinitionContext PROFILES = new ResourceDefinitionContext.Builder()
            .withGroup("storage.virtualization.deckhouse.io")
            .withVersion("v1alpha1")
            .withKind("StorageProfile")
            .withPlural("storageprofiles")
            .withNamespaced(false)
            .build();

    private final KubernetesClient client;

    public KubernetesVolumes(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public ClassOffer offer(@Nullable String storageClass) throws TaskDeferredException, InterruptedException {
        StorageClass found = asked(() -> storageClass == null
                ? ClassOffers.ofDefault(
                                client.storage().v1().storageClasses().list().getItems())
                        .orElse(null)
                : client.storage().v1().storageClasses().withName(storageClass).get());
        if (found == null) {
            throw TaskDeferredException.outage(
                    storageClass == null
                            ? "the cluster has no default StorageClass"
                            : "there is no StorageClass " + storageClass,
                    null);
        }
        GenericKubernetesResource profile = asked(() -> client.genericKubernetesResources(PROFILES)
                .withName(found.getMetadata().getName())
                .get());
        return ClassOffers.of(found, profile == null ? null : profile.get("status", "claimPropertySets"));
    }

    @Override
    public Optional<PersistentVolumeClaim> claim(String namespace, String name)
            throws TaskDeferredException, InterruptedException {
        return Optional.ofNullable(asked(() -> client.persistentVolumeClaims()
                .inNamespace(namespace)
                .withName(name)
                .get()));
    }

    @Override
    public List<PersistentVolumeClaim> claims(Incarnation image) throws TaskDeferredException, InterruptedException {
        return Objects.requireNonNull(asked(() -> client.persistentVolumeClaims()
                .inNamespace(image.namespace())
                .withLabels(ImageOwner.selector(VolumeWork.FILL, image.uid()))
                .list()
                .getItems()));
    }

    @Override
    public List<Job> jobs(Incarnation image) throws TaskDeferredException, InterruptedException {
        return Objects.requireNonNull(asked(() -> client.batch()
                .v1()
                .jobs()
                .inNamespace(image.namespace())
                .withLabels(ImageOwner.selector(VolumeWork.FILL, image.uid()))
                .list()
                .getItems()));
    }

    @Override
    public List<Job> jobs() throws TaskDeferredException, InterruptedException {
        return Objects.requireNonNull(asked(() -> client.batch()
                .v1()
                .jobs()
                .inAnyNamespace()
                .withLabels(ImageOwner.selector(VolumeWork.FILL))
                .list()
                .getItems()));
    }

    @Override
    public void create(PersistentVolumeClaim claim) throws TaskDeferredException, InterruptedException {
        made(claim);
    }

    @Override
    public void create(Job job) throws TaskDeferredException, InterruptedException {
        made(job);
    }

    private void made(HasMetadata object) throws TaskDeferredException, InterruptedException {
        asked(() -> {
            try {
                return client.resource(object).create();
            } catch (KubernetesClientException e) {
                if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
                    return object; // there is one
                }
                throw e;
            }
        });
    }

    @Override
    public void delete(PersistentVolumeClaim claim) throws TaskDeferredException, InterruptedException {
        asked(() -> client.resource(claim).delete());
    }

    @Override
    public void delete(Job job) throws TaskDeferredException, InterruptedException {
        asked(() -> client.resource(job)
                .withPropagationPolicy(DeletionPropagation.FOREGROUND)
                .delete());
    }

    @Override
    public Optional<PodEnd> lastEnd(Job job) throws TaskDeferredException, InterruptedException {
        return pods(job).stream()
                .filter(pod -> pod.getStatus() != null)
                .flatMap(pod -> pod.getStatus().getContainerStatuses().stream())
                .flatMap(status -> status.getState() == null
                        ? Stream.empty()
                        : Stream.ofNullable(status.getState().getTerminated()))
                .filter(end -> !Integer.valueOf(0).equals(end.getExitCode()))
                .max(Comparator.comparing(end -> String.valueOf(end.getFinishedAt())))
                .map(KubernetesVolumes::end);
    }

    private List<Pod> pods(Job job) throws TaskDeferredException, InterruptedException {
        return Objects.requireNonNull(asked(() -> client.pods()
                .inNamespace(job.getMetadata().getNamespace())
                .withLabel(JOB_NAME, job.getMetadata().getName())
                .list()
                .getItems()));
    }

    @Override
    public JobWait waiting(Job job) throws TaskDeferredException, InterruptedException {
        List<Pod> pods = pods(job);
        List<Event> events = JobWait.atWork(pods)
                ? List.of()
                : Objects.requireNonNull(asked(() -> client.v1()
                        .events()
                        .inNamespace(job.getMetadata().getNamespace())
                        .withField("involvedObject.uid", job.getMetadata().getUid())
                        .list()
                        .getItems()));
        return JobWait.of(pods, events);
    }

    private static PodEnd end(ContainerStateTerminated end) {
        String words = end.getMessage() == null || end.getMessage().isBlank()
                ? String.valueOf(end.getReason())
                : end.getMessage().strip();
        int exitCode = end.getExitCode() == null ? -1 : end.getExitCode();
        return new PodEnd(exitCode, "exit code %d: %s".formatted(exitCode, words));
    }

    private static <T> @Nullable T asked(Supplier<? extends @Nullable T> question)
            throws TaskDeferredException, InterruptedException {
        try {
            return question.get();
        } catch (KubernetesClientException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            throw trouble(e);
        }
    }

    private static TaskDeferredException trouble(KubernetesClientException e) {
        String words = String.valueOf(e.getMessage());
        if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN && words.contains("exceeded quota")) {
            return new TaskDeferredException(
                    Deferral.OUTAGE,
                    FailureReason.QUOTA_EXCEEDED,
                    words.substring(words.indexOf("exceeded quota")),
                    QUOTA,
                    e);
        }
        boolean malformed = e.getCode() == HttpURLConnection.HTTP_BAD_REQUEST || e.getCode() == UNPROCESSABLE;
        return new TaskDeferredException(
                malformed ? Deferral.FAULT : Deferral.OUTAGE,
                FailureReason.INTERNAL,
                "the Kubernetes API refuses, or can't be asked: " + words,
                Duration.ZERO,
                e);
    }
}
