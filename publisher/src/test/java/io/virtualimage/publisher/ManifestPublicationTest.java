package io.virtualimage.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.FetchedManifest;
import io.virtualimage.oci.ImageConfig;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.Tag;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.Incarnation;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ManifestPublicationTest {
    private Bench bench = new Bench();

    @BeforeEach
    void pushLayer() throws Exception {
        pushLayer(bench);
    }

    private static void pushLayer(Bench bench) throws Exception {
        bench.stageAll();
        bench.worker().run(bench.push(), bench.context());
    }

    @Test
    void publishesUnderTheImagesOwnTag() throws Exception {
        bench.worker().run(bench.publish(), bench.context());

        FetchedManifest fetched = bench.registry.getManifest(bench.repository(), new Tag(Bench.IMAGE.uid()));
        assertThat(fetched.descriptor().mediaType()).isEqualTo(MediaTypes.OCI_MANIFEST);
        ImageManifest manifest = (ImageManifest) fetched.parse();
        Digest layer = Digest.sha256(bench.layer());
        assertThat(manifest.layers()).singleElement().satisfies(only -> {
            assertThat(only.digest()).isEqualTo(layer);
            assertThat(only.lengthBytes()).isEqualTo(bench.layer().length);
            assertThat(only.mediaType()).isEqualTo("application/vnd.oci.image.layer.v1.tar");
        });
        assertThat(manifest.annotations())
                .containsEntry("io.virtualimage.namespace", "team")
                .containsEntry("io.virtualimage.name", "cirros")
                .containsEntry("io.virtualimage.uid", Bench.IMAGE.uid())
                .containsEntry("io.virtualimage.generation", "1")
                .containsEntry("io.virtualimage.run", "0");
        ImageConfig config = ImageConfig.parse(
                bench.registry.readBlob(bench.repository(), manifest.config().digest(), 10_000));
        assertThat(config.labels())
                .containsEntry("source-image-size", "9456")
                .containsEntry("source-image-virtual-size", "1048576")
                .containsEntry("source-image-format", "qcow2");
        assertThat(config.diffIds()).containsExactly(layer);
        assertThat(bench.said(ImagePublished.class)).singleElement().satisfies(said -> {
            assertThat(said.registryUrl()).isEqualTo("registry.example:5000/vi/team/cirros:" + Bench.IMAGE.uid());
            assertThat(said.manifest()).isEqualTo(fetched.descriptor().digest().toString());
            assertThat(said.layer()).isEqualTo(layer.toString());
            assertThat(said.storedBytes()).isEqualTo(9_456);
            assertThat(said.unpackedBytes()).isEqualTo(1 << 20);
        });
    }

    @Test
    void theSameImageHasTheSameManifestAndAnotherVersionAnother() throws Exception {
        Bench other = new Bench();
        pushLayer(other);
        bench.worker().run(bench.publish(), bench.context("publisher-0", 1, Fuse.none()));
        bench.worker().run(bench.publish(), bench.context("publisher-1", 2, Fuse.none()));
        other.worker().run(other.publish(), other.context("publisher-2", 1, Fuse.none()));
        assertThat(bench.said(ImagePublished.class)).hasSize(2);
        assertThat(bench.said(ImagePublished.class))
                .containsOnly(other.said(ImagePublished.class).getFirst());

        Incarnation later = new Incarnation("team", "cirros", Bench.IMAGE.uid(), 1, 1);
        other.worker().run(other.publish(later), other.context());
        assertThat(other.said(ImagePublished.class))
                .extracting(ImagePublished::manifest)
                .doesNotHaveDuplicates();
        assertThat(other.registry.listTags(other.repository()))
                .containsExactly(new Tag(later.uid()), new Tag(later.uid() + "-1-1"));
    }

    @Test
    void aLayerThatIsGoneIsAnOutage() throws Exception {
        bench.registry.loseBlob(bench.repository(), Digest.sha256(bench.layer()));
        TaskDeferredException deferred = catchThrowableOfType(
                TaskDeferredException.class, () -> bench.worker().run(bench.publish(), bench.context()));
        assertThat(deferred.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(deferred.words()).contains("has lost the layer");
        assertThat(bench.registry.listTags(bench.repository())).isEmpty();
    }

    @Test
    void staleBeforeTheLastLookStaysInvisible() {
        TestContext context = bench.context();
        context.revoke();
        assertThatThrownBy(() -> bench.worker().run(bench.publish(), context))
                .isInstanceOf(TaskAbandonedException.class);
        assertThat(bench.registry.listTags(bench.repository())).isEmpty();
    }

    @Test
    void killedAtAnyEffectItPublishesOnce() throws Exception {
        String expected = null;
        int effects = 0;
        for (boolean burnt = true; burnt; ) {
            effects++;
            bench = new Bench();
            pushLayer(bench);
            Fuse fuse = Fuse.crash(effects);
            try {
                bench.worker(fuse).run(bench.publish(), bench.context("publisher-0", 1, fuse));
                burnt = false;
            } catch (Fuse.Crash e) {
                bench.worker().run(bench.publish(), bench.context("publisher-1", 2, Fuse.none()));
            }
            String manifest = bench.registry
                    .headManifest(bench.repository(), new Tag(Bench.IMAGE.uid()))
                    .orElseThrow()
                    .digest()
                    .toString();
            expected = expected == null ? manifest : expected;
            assertThat(manifest).isEqualTo(expected);
            assertThat(bench.said(ImagePublished.class))
                    .extracting(ImagePublished::manifest)
                    .containsOnly(expected);
        }
        assertThat(effects).isGreaterThan(10);
    }

    @Test
    void aStaleDeliveryTakesBackWhatAnEarlierOneMayHaveLeft() throws Exception {
        bench.worker().run(bench.publish(), bench.context());
        bench.worker().discard(bench.publish(), bench.context("publisher-1", 1, Fuse.none()));
        assertThat(bench.registry.listTags(bench.repository())).hasSize(1);

        bench.worker().discard(bench.publish(), bench.context("publisher-1", 2, Fuse.none()));
        assertThat(bench.registry.listTags(bench.repository())).isEmpty();
        // And where there is nothing to take back.
        bench.worker().discard(bench.publish(), bench.context("publisher-2", 3, Fuse.none()));
    }
}
