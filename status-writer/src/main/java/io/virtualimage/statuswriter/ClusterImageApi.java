package io.virtualimage.statuswriter;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.topics.Incarnation;
import java.net.HttpURLConnection;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link ImageApi} by server-side apply to the status subresource, and by plain Events of the core API. */
final class ClusterImageApi implements ImageApi {
    private static final Logger log = LoggerFactory.getLogger(ClusterImageApi.class);

    /** Owner of the fields in {@code metadata.managedFields}; never to be changed. */
    private static final String FIELD_MANAGER = "virtualimage-status-writer";

    private static final int UNPROCESSABLE = 422;
    private static final int MAX_NOTE_CHARS = 1024;

    private final KubernetesClient client;
    private final String replica;

    ClusterImageApi(KubernetesClient client, String replica) {
        this.client = client;
        this.replica = replica;
    }

    @Override
    public Optional<StandingImage> get(String namespace, String name) throws ImageApiException {
        try {
            VirtualImage image = client.resources(VirtualImage.class)
                    .inNamespace(namespace)
                    .withName(name)
                    .get();
            return Optional.ofNullable(image)
                    .map(found -> new StandingImage(
                            found.getMetadata().getUid(),
                            Objects.requireNonNullElse(found.getMetadata().getGeneration(), 1L),
                            found.getMetadata().getResourceVersion(),
                            found.getStatus()));
        } catch (KubernetesClientException e) {
            throw new ImageApiException("reading %s/%s failed: %s".formatted(namespace, name, e.getMessage()), e);
        }
    }

    @Override
    public Outcome applyStatus(
            String namespace, String name, String uid, @Nullable String resourceVersion, VirtualImageStatus status)
            throws ImageApiException {
        VirtualImage patch = new VirtualImage();
        patch.setMetadata(new ObjectMetaBuilder()
                .withNamespace(namespace)
                .withName(name)
                .withUid(uid)
                .withResourceVersion(resourceVersion)
                .build());
        patch.setStatus(status);
        PatchContext apply = new PatchContext.Builder()
                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                .withFieldManager(FIELD_MANAGER)
                .withForce(true)
                .build();
        try {
            client.resource(patch).subresource("status").patch(apply);
            return Outcome.DONE;
        } catch (KubernetesClientException e) {
            return outcome(e, "writing the status of " + namespace + "/" + name);
        }
    }

    @Override
    public Outcome createEvent(ImageNotice notice) throws ImageApiException {
        Incarnation image = notice.image();
        String at = notice.at().truncatedTo(ChronoUnit.SECONDS).toString();
        String message = notice.notice().message();
        Event event = new EventBuilder()
                .withNewMetadata()
                .withNamespace(image.namespace())
                .withName(notice.name())
                .endMetadata()
                .withNewInvolvedObject()
                .withApiVersion(HasMetadata.getApiVersion(VirtualImage.class))
                .withKind(HasMetadata.getKind(VirtualImage.class))
                .withNamespace(image.namespace())
                .withName(image.name())
                .withUid(image.uid())
                .withResourceVersion(notice.resourceVersion())
                .endInvolvedObject()
                .withType(notice.notice().warning() ? "Warning" : "Normal")
                .withReason(notice.notice().reason())
                .withMessage(message.length() <= MAX_NOTE_CHARS ? message : message.substring(0, MAX_NOTE_CHARS))
                .withFirstTimestamp(at)
                .withLastTimestamp(at)
                .withCount(1)
                .withNewSource()
                .withComponent(FIELD_MANAGER)
                .endSource()
                .withReportingComponent(FIELD_MANAGER)
                .withReportingInstance(replica)
                .build();
        try {
            client.resource(event).create();
            return Outcome.DONE;
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
                // A quota of the namespace, say: an Event is not worth holding up everybody's statuses.
                log.atWarn().setCause(e).addKeyValue("image", image.subject()).log("an Event was refused");
                return Outcome.REFUSED;
            }
            return switch (outcome(e, "writing an Event about " + image.subject())) {
                case CONFLICT -> Outcome.DONE; // it is there already
                case Outcome other -> other;
            };
        }
    }

    private static Outcome outcome(KubernetesClientException e, String what) throws ImageApiException {
        return switch (e.getCode()) {
            case HttpURLConnection.HTTP_CONFLICT -> Outcome.CONFLICT;
            case HttpURLConnection.HTTP_NOT_FOUND -> Outcome.GONE;
            case HttpURLConnection.HTTP_BAD_REQUEST, UNPROCESSABLE -> {
                log.atError().setCause(e).addKeyValue("what", what).log("the API server will not take it");
                yield Outcome.REFUSED;
            }
            default -> {
                if (isNamespaceEnding(e)) {
                    yield Outcome.GONE;
                }
                throw new ImageApiException(what + " failed: " + e.getMessage(), e);
            }
        };
    }

    private static boolean isNamespaceEnding(KubernetesClientException e) {
        return e.getCode() == HttpURLConnection.HTTP_FORBIDDEN
                && e.getStatus() != null
                && e.getStatus().getDetails() != null
                && e.getStatus().getDetails().getCauses() != null
                && e.getStatus().getDetails().getCauses().stream()
                        .anyMatch(cause -> "NamespaceTerminating".equals(cause.getReason()));
    }
}
