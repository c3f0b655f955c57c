package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.ImageReference;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Set;
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

    // ---- container images

    private static final String REFERENCE = "registry.example:5000/disks/a:1";
    private static final RegistryPlaces PLACES = new RegistryPlaces(
            Set.of("plain.example"),
            new RegistryPlaces.Own(
                    "own.example", URI.create("http://10.0.0.1:5000"), new Credentials("us", "our-secret"), "OUR CA"));

    private static Secret secret(String type, String key, String text) {
        return new SecretBuilder()
                .withType(type)
                .addToData(key, Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8)))
                .build();
    }

    private static Secret dockerConfig(String text) {
        return secret("kubernetes.io/dockerconfigjson", ".dockerconfigjson", text);
    }

    private static String login(String host) {
        return "{\"auths\":{\"" + host + "\":{\"username\":\"u\",\"password\":\"geheim\"}}}";
    }

    private static KubernetesSourceResolver pulling(VirtualImage object, Secret secret) {
        return new KubernetesSourceResolver(
                (namespace, name) -> object,
                (namespace, name) -> {
                    assertThat(namespace + "/" + name).isEqualTo("ns/pull");
                    return secret;
                },
                PLACES);
    }

    private static VirtualImage container(long generation, String caBundle) {
        return object(
                "uid-1", generation, new Origin.ContainerImage(REFERENCE, new Origin.PullSecret("pull"), caBundle));
    }

    private static ResolvedSource.ContainerImage resolved(
            String reference, String endpoint, Credentials credentials, String bundle) {
        return new ResolvedSource.ContainerImage(
                ImageReference.parse(reference), URI.create(endpoint), credentials, bundle, null);
    }

    private static final DataSource.ContainerImage PULLED = new DataSource.ContainerImage(REFERENCE, "pull", true);

    @Test
    void aPublicImageNeedsNothing() throws Exception {
        KubernetesSourceResolver resolver = new KubernetesSourceResolver(
                (namespace, name) -> {
                    throw new AssertionError("asked");
                },
                NO_SECRETS,
                PLACES);
        assertThat(resolver.resolve(IMAGE, new DataSource.ContainerImage(REFERENCE, null, false)))
                .isEqualTo(resolved(REFERENCE, "https://registry.example:5000", null, null));
        assertThat(resolver.resolve(IMAGE, new DataSource.ContainerImage("plain.example/a", null, false)))
                .isEqualTo(resolved("plain.example/a", "http://plain.example", null, null));
    }

    @Test
    void credentialsAndBundleAreReadWhereTheyAre() throws Exception {
        String bundle = Base64.getEncoder().encodeToString("PEM".getBytes(StandardCharsets.UTF_8));
        ResolvedSource expected =
                resolved(REFERENCE, "https://registry.example:5000", new Credentials("u", "geheim"), "PEM");
        assertThat(pulling(container(3, bundle), dockerConfig(login("registry.example:5000")))
                        .resolve(IMAGE, PULLED))
                .isEqualTo(expected);
        Secret legacy = secret(
                "kubernetes.io/dockercfg", ".dockercfg", "{\"registry.example:5000\":{\"auth\":\"dTpnZWhlaW0=\"}}");
        assertThat(pulling(container(3, bundle), legacy).resolve(IMAGE, PULLED)).isEqualTo(expected);
    }

    @Test
    void aSecretForOtherRegistriesIsNone() throws Exception {
        assertThat(pulling(container(3, null), dockerConfig(login("other.example")))
                        .resolve(IMAGE, PULLED))
                .isEqualTo(resolved(REFERENCE, "https://registry.example:5000", null, null));
    }

    @Test
    void aSecretThatIsNotInOrderIsTheUsersToMend() {
        for (Secret bad : List.of(
                secret("Opaque", ".dockerconfigjson", login("registry.example:5000")),
                secret("kubernetes.io/dockerconfigjson", "config.json", login("registry.example:5000")),
                dockerConfig("{\"auths\": geheim"),
                dockerConfig("{\"auths\":{\"registry.example:5000\":{\"auth\":\"geheim\"}}}"))) {
            ImageFailedException failure = catchThrowableOfType(
                    ImageFailedException.class,
                    () -> pulling(container(3, null), bad).resolve(IMAGE, PULLED));
            assertThat(failure.reason()).isEqualTo(FailureReason.SOURCE_REFUSED);
            assertThat(failure.words()).contains("the Secret pull").doesNotContain("geheim");
            assertThat(failure).hasNoCause();
        }
    }

    @Test
    void aSecretThatIsNotThereIsWaitedFor() {
        assertThat(catchThrowableOfType(
                                TaskDeferredException.class,
                                () -> pulling(container(3, null), null).resolve(IMAGE, PULLED))
                        .deferral())
                .isEqualTo(Deferral.OUTAGE);
    }

    @Test
    void noSecretIsReadForAnotherSpec() {
        for (VirtualImage object : new VirtualImage[] {null, container(4, null), object("uid-1", 3, http(null))}) {
            KubernetesSourceResolver resolver =
                    new KubernetesSourceResolver((namespace, name) -> object, NO_SECRETS, PLACES);
            assertThatThrownBy(() -> resolver.resolve(IMAGE, PULLED)).isInstanceOf(TaskAbandonedException.class);
        }
    }

    /** Whoever may make an image must not read with it what others published. */
    @Test
    void ourOwnCredentialsAreOnlyForWhatTheWatcherLookedUp() throws Exception {
        DataSource published = new DataSource.ContainerImage("own.example/vi/other/a:1", null, false);
        VirtualImage referring = object("uid-1", 3, new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, "a"));
        assertThat(pulling(referring, null).resolve(IMAGE, published))
                .isEqualTo(resolved(
                        "own.example/vi/other/a:1",
                        "http://10.0.0.1:5000",
                        new Credentials("us", "our-secret"),
                        "OUR CA"));
        VirtualImage naming = object("uid-1", 3, new Origin.ContainerImage("own.example/vi/other/a:1", null, null));
        assertThat(pulling(naming, null).resolve(IMAGE, published))
                .isEqualTo(resolved("own.example/vi/other/a:1", "https://own.example", null, null));
    }

    @Test
    void whatIsNoReferenceIsSaid() {
        assertThat(catchThrowableOfType(
                                ImageFailedException.class,
                                () -> pulling(null, null)
                                        .resolve(IMAGE, new DataSource.ContainerImage("a//b", null, false)))
                        .words())
                .contains("'a//b', is no image reference");
    }
}
