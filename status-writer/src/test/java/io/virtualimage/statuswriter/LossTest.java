package io.virtualimage.statuswriter;

import static io.virtualimage.statuswriter.Story.heartbeat;
import static io.virtualimage.statuswriter.Story.image;
import static io.virtualimage.statuswriter.Story.lost;
import static io.virtualimage.statuswriter.Story.opened;
import static io.virtualimage.statuswriter.Story.published;
import static io.virtualimage.statuswriter.Story.requested;
import static io.virtualimage.statuswriter.Story.segments;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.k8s.ConditionType;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageStatus.Phase;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Storage;
import org.junit.jupiter.api.Test;

/** Images that are not there any more, and come back. */
class LossTest {
    private final Incarnation first = image(1, 0);
    private final Story story = new Story();

    @Test
    void anImageThatIsLostAndComesBackAndIsLostAgain() {
        story.tell(requested(first))
                .at("1")
                .tell(opened(first, 0, 10_000L))
                .at("2")
                .tell(segments(first, 0, 0, 10))
                .at("4")
                .tell(published(first))
                .at("10")
                .tell(lost(first))
                .at("20")
                .tell(published(first))
                .at("30")
                .tell(lost(first))
                .at("40")
                .tell(published(first))
                .at("60");
        assertThat(story.text().lines().skip(4)).containsExactly("""
                4.0  1.0 READY 100% qcow2 size=10000/64000 speed=10000 url=r/vi/ns/disk:u1 DatasourceReady=True:DatasourceReady@0.0 Ready=True:Ready@4.0 told=DataSourceImportStarted,DataSourceImportCompleted
                10.0  1.0 IMAGE_LOST 100% qcow2 size=10000/64000 speed=10000 url=r/vi/ns/disk:u1 DatasourceReady=True:DatasourceReady@0.0 Ready=False:ImageLost@10.0 told=DataSourceImportStarted,DataSourceImportCompleted
                20.0  1.0 READY 100% qcow2 size=10000/64000 speed=10000 url=r/vi/ns/disk:u1 DatasourceReady=True:DatasourceReady@0.0 Ready=True:Ready@20.0 told=DataSourceImportStarted,DataSourceImportCompleted,VirtualImageLostRecovered
                30.0  1.0 IMAGE_LOST 100% qcow2 size=10000/64000 speed=10000 url=r/vi/ns/disk:u1 DatasourceReady=True:DatasourceReady@0.0 Ready=False:ImageLost@30.0 told=DataSourceImportStarted,DataSourceImportCompleted,VirtualImageLostRecovered
                40.0  1.0 READY 100% qcow2 size=10000/64000 speed=10000 url=r/vi/ns/disk:u1 DatasourceReady=True:DatasourceReady@0.0 Ready=True:Ready@40.0 told=DataSourceImportStarted,DataSourceImportCompleted,VirtualImageLostRecovered
                """.lines().toArray(String[]::new));
        assertThat(story.events())
                .containsExactly(
                        "DataSourceImportStarted",
                        "DataSourceImportCompleted",
                        "VirtualImageLostRecovered",
                        "VirtualImageLostRecovered");
        assertThat(story.last().notices().getLast().at()).isEqualTo(Story.BEGIN.plusSeconds(40));
    }

    @Test
    void whatIsMissingIsSaid() {
        story.tell(requested(first), published(first), lost(first));
        assertThat(story.condition(ConditionType.READY).message()).isEqualTo("The tag u1 is gone.");
    }

    @Test
    void aClaimThatIsLost() {
        Event.ImagePublished onClaim = new Event.ImagePublished(
                first, 0, null, null, null, 64_000, ImageFormat.RAW, false, 64_000, 64_000, "d8v-vi-disk-u1");
        story.tell(
                new Event.ImageRequested(
                        first,
                        new DataSource.Http("https://example.com/a", false, Checksums.NONE),
                        Storage.PERSISTENT_VOLUME_CLAIM,
                        null,
                        null,
                        "fast"),
                onClaim,
                new Event.ImageLost(first, onClaim, "The claim is gone."));
        assertThat(story.last().phase()).isEqualTo(Phase.PVC_LOST);
        assertThat(story.last().claim()).isEqualTo("d8v-vi-disk-u1");
        assertThat(story.last().storageClass()).isEqualTo("fast");
        assertThat(story.condition(ConditionType.READY).reason()).isEqualTo("PVCLost");
        assertThat(story.condition(ConditionType.STORAGE_CLASS_READY).status()).isTrue();
        story.tell(onClaim);
        assertThat(story.last().phase()).isEqualTo(Phase.READY);
        assertThat(story.events()).endsWith("VirtualImageLostRecovered");
    }

    @Test
    void theSameWordTwiceIsOneLossAndOneReturn() {
        story.tell(requested(first), published(first), published(first))
                .tell(lost(first), lost(first))
                .tell(published(first), published(first))
                .tell(heartbeat(first))
                .at("60");
        assertThat(story.text().lines()).hasSize(5);
        assertThat(story.events()).containsOnlyOnce("VirtualImageLostRecovered");
    }

    @Test
    void whatIsReadAgainIsNotToldAgain() {
        story.tell(requested(first), published(first)).at("1");
        long from = story.offset();
        story.tell(lost(first), published(first), lost(first), published(first)).at("2");
        String told = story.last().notices().toString();
        story.rereadFrom(from)
                .tell(lost(first), published(first), lost(first), published(first))
                .at("3");
        assertThat(story.last().notices()).hasToString(told);
        assertThat(story.events()).hasSize(4);
    }

    @Test
    void aLossThatComesBeforeAllElseTellsOfNoSuccess() {
        story.tell(lost(first)).at("1").tell(requested(first)).at("2");
        assertThat(story.last().phase()).isEqualTo(Phase.IMAGE_LOST);
        assertThat(story.events()).isEmpty();
        story.tell(published(first));
        assertThat(story.events())
                .containsExactly("DataSourceImportStarted", "DataSourceImportCompleted", "VirtualImageLostRecovered");
    }

    @Test
    void nothingThatComesLateMakesALostImageGoOn() {
        story.tell(requested(first), published(first), lost(first))
                .tell(heartbeat(first), opened(first, 1, 5L))
                .at("9");
        assertThat(story.last().phase()).isEqualTo(Phase.IMAGE_LOST);
        assertThat(story.text().lines()).hasSize(4);
    }
}
