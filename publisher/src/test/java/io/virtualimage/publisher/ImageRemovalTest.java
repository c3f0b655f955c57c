package io.virtualimage.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistryException.Reason;
import io.virtualimage.oci.Tag;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Task;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ImageRemovalTest {
    private static final String UID = Bench.IMAGE.uid();

    private final Bench bench = new Bench();

    private static Incarnation version(long generation, long run) {
        return new Incarnation("team", "cirros", UID, generation, run);
    }

    private static Task.RemoveImage remove(Incarnation image, boolean keepCurrent) {
        return new Task.RemoveImage(new Task.Header(image, 0, Bench.CAUSE, 1), keepCurrent);
    }

    private void tag(OciRegistry registry, String... tags) throws Exception {
        for (String tag : tags) {
            byte[] config = ("{\"of\":\"" + tag + "\"}").getBytes(StandardCharsets.UTF_8);
            byte[] manifest = """
                    {"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":%d},"layers":[]}
                    """.formatted(
                            MediaTypes.OCI_MANIFEST,
                            MediaTypes.OCI_CONFIG,
                            registry.pushBlob(bench.repository(), config),
                            config.length)
                    .getBytes(StandardCharsets.UTF_8);
            registry.putManifest(bench.repository(), new Tag(tag), manifest, MediaTypes.OCI_MANIFEST);
        }
    }

    @Test
    void removesAllVersionsUpToItsOwn() throws Exception {
        tag(bench.registry, UID, UID + "-1-1", UID + "-2-0", UID + "-2-1", UID + "-3-0", UID + "-10-0");
        tag(bench.registry, "another", UID + "-x-y", UID + "-2", UID + "0");

        bench.worker().run(remove(version(2, 1), false), bench.context());

        assertThat(bench.registry.listTags(bench.repository()))
                .extracting(Tag::name)
                .containsExactlyInAnyOrder(UID + "-3-0", UID + "-10-0", "another", UID + "-x-y", UID + "-2", UID + "0");
        assertThat(bench.topic).containsExactly(new ImageRemoved(version(2, 1), null));
    }

    @Test
    void keepsItsOwnIfToldTo() throws Exception {
        tag(bench.registry, UID, UID + "-2-0", UID + "-2-1");

        bench.worker().run(remove(version(2, 0), true), bench.context());

        assertThat(bench.registry.listTags(bench.repository()))
                .extracting(Tag::name)
                .containsExactlyInAnyOrder(UID + "-2-0", UID + "-2-1");
        assertThat(bench.topic).containsExactly(new ImageRemoved(version(2, 0), version(2, 0)));
    }

    @Test
    void nothingToRemoveIsRemoved() throws Exception {
        bench.worker().run(remove(version(1, 0), false), bench.context());
        assertThat(bench.topic).containsExactly(new ImageRemoved(version(1, 0), null));
    }

    @Test
    void killedAtAnyEffectItIsDoneByTheNext() throws Exception {
        int effects = 0;
        for (boolean burnt = true; burnt; ) {
            effects++;
            tag(bench.registry, UID, UID + "-1-1");
            Fuse fuse = Fuse.crash(effects);
            try {
                bench.worker(fuse).run(remove(version(1, 1), false), bench.context("publisher-0", 1, fuse));
                burnt = false;
            } catch (Fuse.Crash e) {
                bench.worker().run(remove(version(1, 1), false), bench.context("publisher-1", 2, Fuse.none()));
            }
            assertThat(bench.registry.listTags(bench.repository())).isEmpty();
        }
        assertThat(effects).isGreaterThan(10);
    }

    @Test
    void aRegistryThatKeepsEverythingDoesNotHoldUpTheImage() throws Exception {
        InMemoryRegistry keeping = new InMemoryRegistry(false);
        tag(keeping, UID);
        bench.worker(keeping, Fuse.none()).run(remove(version(1, 0), false), bench.context());
        assertThat(bench.topic).singleElement().isInstanceOfSatisfying(ImageRemoved.class, removed -> {
            assertThat(removed.image()).isEqualTo(version(1, 0));
            assertThat(removed.kept()).isNull();
            assertThat(removed.left())
                    .startsWith("The registry keeps registry.example:5000/vi/team/cirros:" + UID
                            + ", because it does not" + " allow deletion: tried to delete the manifest sha256:")
                    .contains("REGISTRY_STORAGE_DELETE_ENABLED");
        });
    }

    @Test
    void whatARegistryKeepsIsToldInSoManyWords() throws Exception {
        InMemoryRegistry keeping = new InMemoryRegistry(false);
        tag(keeping, UID, UID + "-1-1", UID + "-1-2", UID + "-2-0", UID + "-2-1", UID + "-3-0");
        bench.worker(keeping, Fuse.none()).run(remove(version(2, 1), true), bench.context());
        assertThat(bench.topic)
                .singleElement()
                .isInstanceOfSatisfying(
                        ImageRemoved.class,
                        removed -> assertThat(removed.left())
                                .contains("cirros:" + UID + "-1-1, ")
                                .contains(" and 1 more, because")
                                .doesNotContain(UID + "-2-1", UID + "-3-0"));
    }

    @Test
    void aRegistryThatKeepsEverythingAndHasNothingLeavesNothing() throws Exception {
        bench.worker(new InMemoryRegistry(false), Fuse.none()).run(remove(version(1, 0), false), bench.context());
        assertThat(bench.topic).containsExactly(new ImageRemoved(version(1, 0), null));
    }

    @Test
    void aRegistryThatIsAwayIsAnOutage() {
        Fuse none = Fuse.none();
        OciRegistry away = (OciRegistry) Proxy.newProxyInstance(
                OciRegistry.class.getClassLoader(), new Class<?>[] {OciRegistry.class}, (proxy, method, arguments) -> {
                    throw RegistryException.of(Reason.FORBIDDEN, method.getName(), "it says so", null);
                });
        TaskDeferredException deferred = catchThrowableOfType(
                TaskDeferredException.class,
                () -> bench.worker(away, none).run(remove(version(1, 0), false), bench.context()));
        assertThat(deferred.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(deferred.words()).contains("credentials").contains("it says so");
        assertThat(bench.topic).isEmpty();
    }
}
