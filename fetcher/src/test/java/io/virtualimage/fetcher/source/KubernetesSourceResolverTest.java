package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class KubernetesSourceResolverTest {
    private static final Incarnation IMAGE = new Incarnation("ns", "vi", "uid-1", 3, 0);
    private static final DataSource WHOLE = new DataSource.Http("http://h/a.img", false, Checksums.NONE);
    private static final DataSource PARTIAL = new DataSource.Http("http://h/a.img", true, Checksums.NONE);

    private static final PullSecrets.Secrets NO_SECRETS = (namespace, name) -> {
        throw new AssertionError("asked");
    };

    private static VirtualImage object(String uid, long generation, Origin origin) {
        VirtualImage object = new VirtualImage();
        object.setMetadata(new ObjectMetaBuilder()
                .withNamespace("ns")
                .withName("vi")
                .withUid(uid)
                .withGeneration(generation)
                .build());
        object.setSpec(VirtualImageSpec.inRegistry(origin));
        return object;
    }

    private static Origin.Http http(String caBundle) {
        return new Origin.Http("http://u:p@h/a.img?t=1", caBundle, null);
    }

    private static KubernetesSourceResolver finding(VirtualImage object) {
        return new KubernetesSourceResolver(
                (namespace, name) -> {
                    assertThat(namespace + "/" + name).isEqualTo("ns/vi");
                    return object;
                },
                NO_SECRETS,
                RegistryPlaces.SECURE);
    }

    @Test
    void whatTheEventSaysIsAllThereIs() throws Exception {
        KubernetesSourceResolver resolver = new KubernetesSourceResolver(
                (namespace, name) -> {
                    throw new AssertionError("asked");
                },
                NO_SECRETS,
                RegistryPlaces.SECURE);
        assertThat(resolver.resolve(IMAGE, WHOLE)).isEqualTo(new ResolvedSource.Http("http://h/a.img", null));
    }

    @Test
    void theRestIsReadFromTheObject() throws Exception {
        String bundle = Base64.getEncoder().encodeToString("PEM".getBytes(StandardCharsets.UTF_8));
        assertThat(finding(object("uid-1", 3, http(bundle))).resolve(IMAGE, PARTIAL))
                .isEqualTo(new ResolvedSource.Http("http://u:p@h/a.img?t=1", "PEM"));
        assertThat(finding(object("uid-1", 3, http(null))).resolve(IMAGE, PARTIAL))
                .isEqualTo(new ResolvedSource.Http("http://u:p@h/a.img?t=1", null));
    }

    @Test
    void anotherObjectOrSpecEndsTheTask() {
        for (VirtualImage object : new VirtualImage[] {
            null,
            object("uid-2", 3, http(null)),
            object("uid-1", 4, http(null)),
            object("uid-1", 3, new Origin.Upload(null))
        }) {
            assertThatThrownBy(() -> finding(object).resolve(IMAGE, PARTIAL))
                    .isInstanceOf(TaskAbandonedException.class);
        }
    }

    @Test
    void anAbsentApiServerIsAnOutage() {
        KubernetesSourceResolver resolver = new KubernetesSourceResolver(
                (namespace, name) -> {
                    throw new KubernetesClientException("down");
                },
                NO_SECRETS,
                RegistryPlaces.SECURE);
        assertThat(catchThrowableOfType(TaskDeferredException.class, () -> resolver.resolve(IMAGE, PARTIAL))
                        .deferral())
                .isEqualTo(Deferral.OUTAGE);
    }

    @Test
    void aBundleThatIsNoBase64IsTheUsersToMend() {
        // The lenient decoder passes over foreign characters, but a lone one at the end is nothing.
        assertThat(catchThrowableOfType(
                                ImageFailedException.class,
                                () -> finding(object("uid-1", 3, http("AAAAA"))).resolve(IMAGE, PARTIAL))
                        .reason())
                .isEqualTo(FailureReason.SOURCE_REFUSED);
    }
}
