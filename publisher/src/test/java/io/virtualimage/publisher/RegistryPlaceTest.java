package io.virtualimage.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistryException.Reason;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.publisher.care.NoAnswerException;
import io.virtualimage.publisher.care.Place;
import io.virtualimage.publisher.care.PlaceContract;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RegistryPlaceTest extends PlaceContract {
    private static final PublicNames NAMES = new PublicNames("registry.example:5000", "vi");

    private final InMemoryRegistry registry = new InMemoryRegistry();

    /** What the registry answers instead. */
    private Reason trouble;

    private String troubled = ".*";

    private final RegistryPlace place = new RegistryPlace(moody(), NAMES);

    private OciRegistry moody() {
        return (OciRegistry) Proxy.newProxyInstance(
                OciRegistry.class.getClassLoader(), new Class<?>[] {OciRegistry.class}, (proxy, method, arguments) -> {
                    if (trouble != null && method.getName().matches(troubled)) {
                        throw RegistryException.of(trouble, method.getName(), "it is in trouble", null);
                    }
                    try {
                        return method.invoke(registry, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Override
    protected Place place() {
        return place;
    }

    @Override
    protected ImagePublished publish(Incarnation version) throws Exception {
        Repository repository = NAMES.repository(version);
        byte[] layer = ("layer of " + version).getBytes(StandardCharsets.UTF_8);
        byte[] manifest = manifest(version, layer);
        registry.putManifest(repository, NAMES.tag(version), manifest, MediaTypes.OCI_MANIFEST);
        return new ImagePublished(
                version,
                0,
                NAMES.url(version),
                Digest.sha256(manifest).toString(),
                Digest.sha256(layer).toString(),
                layer.length,
                ImageFormat.RAW,
                false,
                1,
                1,
                null);
    }

    private byte[] manifest(Incarnation version, byte[] layer) throws RegistryException {
        Repository repository = NAMES.repository(version);
        byte[] config = "{}".getBytes(StandardCharsets.UTF_8);
        return """
                {"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":2},
                "layers":[{"mediaType":"%s","digest":"%s","size":%d}],"annotations":{"of":"%s"}}
                """.formatted(
                        MediaTypes.OCI_MANIFEST,
                        MediaTypes.OCI_CONFIG,
                        registry.pushBlob(repository, config),
                        MediaTypes.OCI_LAYER,
                        registry.pushBlob(repository, layer),
                        layer.length,
                        version)
                .getBytes(StandardCharsets.UTF_8);
    }

    @Override
    protected void lose(ImagePublished published) throws Exception {
        registry.deleteManifest(NAMES.repository(published.image()), Digest.parse(published.manifest()));
    }

    @Override
    protected void setAway(boolean away) {
        trouble = away ? Reason.UNAVAILABLE : null;
    }

    @Override
    protected Set<Incarnation> versions(Incarnation image) throws Exception {
        return registry.listTags(NAMES.repository(image)).stream()
                .flatMap(tag -> PublicNames.version(image, tag).stream())
                .collect(Collectors.toSet());
    }

    @Test
    void aLostLayerIsNamed() throws Exception {
        ImagePublished published = publish(version(1, 0));
        registry.loseBlob(NAMES.repository(version(1, 0)), Digest.parse(published.layer()));
        assertThat(place.missing(published))
                .contains("The registry does not have the layer of %s (%s) any more."
                        .formatted(published.registryUrl(), published.layer()));
    }

    @Test
    void aLostManifestIsNamed() throws Exception {
        ImagePublished published = publish(version(1, 0));
        lose(published);
        assertThat(place.missing(published))
                .contains("The registry does not have the manifest of %s (%s) any more."
                        .formatted(published.registryUrl(), published.manifest()));
    }

    @Test
    void aLayerOfAnotherLengthIsNotTheLayer() throws Exception {
        ImagePublished published = publish(version(1, 0));
        ImagePublished longer = new ImagePublished(
                published.image(),
                0,
                published.registryUrl(),
                published.manifest(),
                published.layer(),
                published.layerBytes() + 1,
                ImageFormat.RAW,
                false,
                1,
                1,
                null);
        assertThat(place.missing(longer).orElseThrow()).contains("where " + longer.layerBytes() + " were pushed");
    }

    @Test
    void anotherManifestUnderTheTagIsNotTheImage() throws Exception {
        ImagePublished published = publish(version(1, 0));
        byte[] other = manifest(version(2, 0), new byte[] {1});
        registry.putManifest(NAMES.repository(version(1, 0)), NAMES.tag(version(1, 0)), other, MediaTypes.OCI_MANIFEST);
        assertThat(place.missing(published).orElseThrow())
                .startsWith("The registry has another manifest under " + published.registryUrl())
                .contains(Digest.sha256(other).toString())
                .contains(published.manifest());
    }

    @ParameterizedTest
    @EnumSource(
            value = Reason.class,
            names = {"UNAVAILABLE", "UNAUTHORIZED", "FORBIDDEN", "UNTRUSTED", "PROTOCOL", "NOT_FOUND"})
    void whateverElseItAnswersSaysNothing(Reason reason) throws Exception {
        ImagePublished published = publish(version(1, 0));
        trouble = reason;
        for (String method : new String[] {"headManifest", "headBlob"}) {
            troubled = method;
            assertThatExceptionOfType(NoAnswerException.class).isThrownBy(() -> place.missing(published));
        }
    }

    @Test
    void aProxyThatFindsNothingIsNoRegistry() throws Exception {
        ImagePublished published = publish(version(1, 0));
        lose(published);
        troubled = "checkApi";
        trouble = Reason.NOT_FOUND;
        assertThatExceptionOfType(NoAnswerException.class).isThrownBy(() -> place.missing(published));
        troubled = "headManifest";
        assertThatExceptionOfType(NoAnswerException.class).isThrownBy(() -> place.missing(published));
    }

    @Test
    void ofAnotherRegistryNothingIsSaid() throws Exception {
        ImagePublished published = publish(version(1, 0));
        RegistryPlace moved = new RegistryPlace(registry, new PublicNames("registry.example:5001", "vi"));
        assertThatExceptionOfType(NoAnswerException.class)
                .isThrownBy(() -> moved.missing(published))
                .withMessageContaining("REGISTRY");
    }

    @Test
    void anImageUnderAnotherPrefixIsLookedForThere() throws Exception {
        ImagePublished published = publish(version(1, 0));
        RegistryPlace renamed = new RegistryPlace(registry, new PublicNames("registry.example:5000", "images"));
        assertThat(renamed.missing(published)).isEmpty();
        lose(published);
        assertThat(renamed.missing(published)).isPresent();
    }

    @Test
    void aRegistryThatKeepsEverythingCountsAsSwept() throws Exception {
        InMemoryRegistry keeping = new InMemoryRegistry(false);
        keeping.putManifest(
                NAMES.repository(version(1, 0)),
                new Tag(version(1, 0).uid()),
                """
                {"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":2},"layers":[]}
                """.formatted(
                                MediaTypes.OCI_MANIFEST,
                                MediaTypes.OCI_CONFIG,
                                keeping.pushBlob(
                                        NAMES.repository(version(1, 0)), "{}".getBytes(StandardCharsets.UTF_8)))
                        .getBytes(StandardCharsets.UTF_8),
                MediaTypes.OCI_MANIFEST);
        new RegistryPlace(keeping, NAMES).sweep(version(1, 0), version -> true);
        assertThat(keeping.listTags(NAMES.repository(version(1, 0)))).hasSize(1);
    }
}
