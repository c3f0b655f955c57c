package io.virtualimage.k8s.volume;

import io.fabric8.kubernetes.api.model.CapabilitiesBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.PodSecurityContextBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.SecurityContextBuilder;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeDeviceBuilder;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicy;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyBuilder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;

/**
 * A Job whose Pod has one claim mounted and one URL, and may do nothing else: it satisfies the Pod Security Standard
 * <a href="https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted">restricted</a>.
 *
 * @param epoch of the source, so that each has a Job of its own
 * @param claim in the image's namespace
 * @param url of the service that the Pod speaks to, with a token: a secret of this image
 */
public record VolumeJob(VolumeWork work, ImageOwner owner, int epoch, String claim, VolumeMode mode, String url) {
    /** The name of the Pod's only container. */
    public static final String CONTAINER = "volume";

    /** Of labels, so of Jobs, whose names become labels of their Pods. */
    private static final int LONGEST_NAME = 63;

    /** What QEMU runs as, and disks on file systems belong to, in KubeVirt. */
    private static final long QEMU = 107;

    /** The group that block devices belong to on a node, where the container runtime doesn't give them to the Pod's user. */
    private static final long DISK_GROUP = 6;

    /** A Pod may be killed so often before the Job is taken for failed. */
    private static final int BACKOFF_LIMIT = 6;

    /** For how long a Job that has ended is there to be looked at. */
    private static final int KEPT_SECONDS = 600;

    /** How the program ends when another Pod would fail as well: see {@code VolumeException}. */
    public static final int HOPELESS = 1;

    /** How the program ends when it hears that nobody wants its work any more. */
    public static final int NOT_WANTED = 3;

    /** How the program ends when it could not reach our service. */
    public static final int SERVICE_AWAY = 75;

    /** The Job's name: one for each epoch of each version of an image. At most 63 characters. */
    public String name() {
        String name = "vi-%s-%s-%d".formatted(work.word(), owner.publicVersion(), epoch);
        if (name.length() <= LONGEST_NAME) {
            return name;
        }
        return "vi-%s-%s".formatted(work.word(), UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)));
    }

    /** The manifest, to be created. */
    public Job manifest(VolumeProgram program) {
        Map<String, String> labels = owner.labels(work);
        return new JobBuilder()
                .withNewMetadata()
                .withNamespace(owner.namespace())
                .withName(name())
                .withLabels(labels)
                .withOwnerReferences(owner.reference())
                .endMetadata()
                .withNewSpec()
                .withBackoffLimit(BACKOFF_LIMIT)
                .withTtlSecondsAfterFinished(KEPT_SECONDS)
                .withPodFailurePolicy(failurePolicy())
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .withRestartPolicy("Never")
                .withAutomountServiceAccountToken(false)
                .withEnableServiceLinks(false)
                .withTerminationGracePeriodSeconds(5L)
                .withSecurityContext(podSecurity())
                .withContainers(container(program))
                .withVolumes(new VolumeBuilder()
                        .withName(CONTAINER)
                        .withNewPersistentVolumeClaim(claim, null)
                        .build())
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    /** A Pod that a node's drain took counts for nothing; one that says that it is hopeless ends the Job. */
    private static PodFailurePolicy failurePolicy() {
        return new PodFailurePolicyBuilder()
                .addNewRule()
                .withAction("Ignore")
                .addNewOnPodCondition("True", "DisruptionTarget")
                .endRule()
                .addNewRule()
                .withAction("FailJob")
                .withNewOnExitCodes()
                .withContainerName(CONTAINER)
                .withOperator("In")
                .withValues(HOPELESS, NOT_WANTED)
                .endOnExitCodes()
                .endRule()
                .build();
    }

    /**
     * A file system is given to the group, as the mount is writable to the kubelet. A device isn't: it has to belong to
     * the user by the container runtime ({@code device_ownership_from_security_context}), or to the group of disks.
     */
    private PodSecurityContext podSecurity() {
        PodSecurityContextBuilder security = new PodSecurityContextBuilder()
                .withRunAsNonRoot(true)
                .withRunAsUser(QEMU)
                .withRunAsGroup(QEMU)
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile();
        return switch (mode) {
            case FILESYSTEM ->
                security.withFsGroup(QEMU)
                        .withFsGroupChangePolicy("OnRootMismatch")
                        .build();
            case BLOCK -> security.withSupplementalGroups(DISK_GROUP).build();
        };
    }

    private Container container(VolumeProgram program) {
        ContainerBuilder container = new ContainerBuilder()
                .withName(CONTAINER)
                .withImage(program.image())
                .withCommand(program.command())
                .withArgs(work.word())
                .addNewEnv()
                .withName("VOLUME_URL")
                .withValue(url)
                .endEnv()
                .addNewEnv()
                .withName("VOLUME_PATH")
                .withValue(mode.path())
                .endEnv()
                .withTerminationMessagePolicy("FallbackToLogsOnError")
                .withResources(resources(program))
                .withSecurityContext(new SecurityContextBuilder()
                        .withAllowPrivilegeEscalation(false)
                        .withReadOnlyRootFilesystem(true)
                        .withCapabilities(
                                new CapabilitiesBuilder().withDrop("ALL").build())
                        .build());
        boolean readOnly = work == VolumeWork.READ;
        return switch (mode) {
            case FILESYSTEM ->
                container
                        .withVolumeMounts(new VolumeMountBuilder()
                                .withName(CONTAINER)
                                .withMountPath(mode.path())
                                .withReadOnly(readOnly)
                                .build())
                        .build();
            // A device can't be given read-only; the program opens it so.
            case BLOCK ->
                container
                        .withVolumeDevices(new VolumeDeviceBuilder()
                                .withName(CONTAINER)
                                .withDevicePath(mode.path())
                                .build())
                        .build();
        };
    }

    private static ResourceRequirements resources(VolumeProgram program) {
        Quantity memory = new Quantity(program.memory());
        return new ResourceRequirementsBuilder()
                .addToRequests("cpu", new Quantity("100m"))
                .addToRequests("memory", memory)
                .addToLimits("cpu", new Quantity(program.cpuLimit()))
                .addToLimits("memory", memory)
                .build();
    }

    /** Without the URL. */
    @Override
    public String toString() {
        return "%s/%s on %s".formatted(owner.namespace(), name(), claim);
    }
}
