package io.virtualimage.publisher.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.k8s.volume.JobWait;
import io.virtualimage.k8s.volume.VolumeProgram;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore.Overwrite;
import io.virtualimage.stage.work.FakeContext;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VolumeFillingTest {
    private static final Incarnation IMAGE = new Incarnation("team", "cirros", "uid-1", 1, 0);
    private static final String CLAIM = "d8v-vi-cirros-uid-1";
    private static final AccessTokens TOKENS = new AccessTokens("k".repeat(32));
    private static final VolumeProgram PROGRAM = new VolumeProgram("example.com/volume", List.of("run"), "256Mi", "2");

    private final FakeCluster cluster = new FakeCluster();
    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final List<Event> topic = new ArrayList<>();
    private final VolumeFilling filling = new VolumeFilling(
            cluster, staging, TOKENS, new VolumeFilling.Setup("http://publisher.example:8082", PROGRAM, 0.055));

    private final FakeContext context = new FakeContext(topic);

    private Task.FillVolume task(Incarnation image, int epoch, int attempt) {
        stage(image, epoch);
        StagedSource staged =
                new StagedSource(epoch, null, 1 << 20, 100L << 20, SegmentSet.upTo(100), SegmentSet.EMPTY);
        Task.Header header = new Task.Header(image, epoch, new Position(0, 1), attempt);
        return new Task.FillVolume(header, staged, null, null, ImageFormat.RAW, false, 100L << 20, 100L << 20);
    }

    /** The first segment: more of the source is not looked at. */
    private void stage(Incarnation image, int epoch) {
        try {
            InputStream body = new ByteArrayInputStream(new byte[] {1});
            assertThat(staging.put(SegmentKey.source(image, epoch, 0), null, 1, body, Overwrite.ALLOW))
                    .isPresent();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aTaskThatComesWhenStagingIsCleanWritesNothing() {
        Task.FillVolume task = task(IMAGE, 0, 1);
        staging.cleanAll("uid-1");
        assertThatThrownBy(() -> filling.fill(task, CLAIM, context)).isInstanceOf(SegmentLostException.class);
        assertThat(cluster.claims).isEmpty();
        assertThat(cluster.jobs).isEmpty();
        assertThat(staging.objectNames()).isEmpty();
    }

    private TaskDeferredException deferred(Task.FillVolume task) {
        return catchThrowableOfType(TaskDeferredException.class, () -> filling.fill(task, CLAIM, context));
    }

    @Test
    void makesTheClaimAndTheJobAndLooksAgainLater() throws Exception {
        TaskDeferredException given = deferred(task(IMAGE, 0, 1));

        assertThat(given.deferral()).isEqualTo(Deferral.STARVED);
        assertThat(given.delay()).isEqualTo(Duration.ofSeconds(15));
        PersistentVolumeClaim claim = cluster.claims.get(CLAIM);
        assertThat(claim.getSpec().getStorageClassName()).isEqualTo("default");
        assertThat(claim.getSpec().getVolumeMode()).isEqualTo("Filesystem");
        assertThat(claim.getSpec().getAccessModes()).containsExactly("ReadWriteOnce");
        assertThat(claim.getSpec().getResources().getRequests().get("storage")).hasToString("106Mi");
        assertThat(claim.getMetadata().getLabels())
                .containsEntry(WellKnown.UID_LABEL, "uid-1")
                .containsEntry(WellKnown.INCARNATION_LABEL, "1-0");
        assertThat(claim.getMetadata().getOwnerReferences()).isEmpty();
        assertThat(cluster.jobs).hasSize(1);
        assertThat(FillOrder.read(staging, IMAGE, 0, "claim-1")).contains(new FillOrder(task(IMAGE, 0, 1), CLAIM));

        deferred(task(IMAGE, 0, 1));
        deferred(task(IMAGE, 0, 2));
        assertThat(cluster.claims).hasSize(1);
        assertThat(cluster.jobs).hasSize(1);
        assertThat(topic).isEmpty();
    }

    @Test
    void whatAPodFinishedIsAnnouncedIfTheDoorDidNot() throws Exception {
        deferred(task(IMAGE, 0, 1));
        new FillProgress(SegmentSet.upTo(2), true).write(staging, IMAGE, 0, "claim-1");

        filling.fill(task(IMAGE, 0, 1), CLAIM, context);

        assertThat(topic)
                .containsExactly(new Event.ImagePublished(
                        IMAGE, 0, null, null, null, 100L << 20, ImageFormat.RAW, false, 100L << 20, 100L << 20, CLAIM));
    }

    @Test
    void aClaimThatWasDeletedMeanwhileIsFilledFromTheBeginning() throws Exception {
        deferred(task(IMAGE, 0, 1));
        new FillProgress(SegmentSet.upTo(2), true).write(staging, IMAGE, 0, "claim-1");
        cluster.claims.clear();

        assertThat(deferred(task(IMAGE, 0, 1)).words()).contains("another Job");
        cluster.podsEnd();
        deferred(task(IMAGE, 0, 1));

        assertThat(topic).isEmpty();
        assertThat(url(cluster.jobs.values().iterator().next())).contains("/claim-2/");
    }

    private static String url(Job job) {
        return job.getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .getEnv()
                .getFirst()
                .getValue();
    }

    @Test
    void twoEpochsNeverWriteAtOnce() {
        deferred(task(IMAGE, 0, 1));

        TaskDeferredException given = deferred(task(IMAGE, 1, 1));

        assertThat(given.deferral()).isEqualTo(Deferral.STARVED);
        assertThat(cluster.jobs.values())
                .singleElement()
                .satisfies(job ->
                        assertThat(job.getMetadata().getDeletionTimestamp()).isNotNull());
        deferred(task(IMAGE, 1, 1));
        assertThat(cluster.jobs).hasSize(1);
        cluster.podsEnd();
        deferred(task(IMAGE, 1, 1));
        assertThat(cluster.jobs.values())
                .singleElement()
                .satisfies(job -> assertThat(url(job)).contains("/uid-1/1.0/1/claim-1/"));
    }

    @Test
    void aFailedJobSaysWhyAndIsFollowedByAnother() {
        deferred(task(IMAGE, 0, 1));
        cluster.jobsAre("Failed", "BackoffLimitExceeded");
        cluster.end = new VolumeCluster.PodEnd(70, "exit code 70: a defect");

        TaskDeferredException given = deferred(task(IMAGE, 0, 1));

        assertThat(given.deferral()).isEqualTo(Deferral.FAULT);
        assertThat(given.words()).contains("a defect");
        cluster.podsEnd();
        assertThat(deferred(task(IMAGE, 0, 2)).deferral()).isEqualTo(Deferral.STARVED);
        assertThat(cluster.jobs).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {75, 3})
    void aPodThatWeSentAwayUsesUpNoAttempts(int exitCode) {
        deferred(task(IMAGE, 0, 9));
        cluster.jobsAre("Failed", "PodFailurePolicy");
        cluster.end = new VolumeCluster.PodEnd(exitCode, "exit code %d: nobody answers".formatted(exitCode));
        TaskDeferredException given = deferred(task(IMAGE, 0, 9));
        assertThat(given.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(given.words()).contains("nobody answers");
    }

    @Test
    void aPodThatNeverEndedByItselfUsesUpNoAttempts() {
        deferred(task(IMAGE, 0, 9));
        cluster.jobsAre("Failed", "Job has reached the specified backoff limit");
        TaskDeferredException given = deferred(task(IMAGE, 0, 9));
        assertThat(given.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(given.words()).contains("backoff limit");
    }

    @Test
    void whatAPodWaitsForIsSaid() {
        deferred(task(IMAGE, 0, 1));
        cluster.wait = new JobWait(JobWait.Kind.POD, "its Pod has no node: none has room");
        TaskDeferredException given = deferred(task(IMAGE, 0, 1));
        assertThat(given.deferral()).isEqualTo(Deferral.STARVED);
        assertThat(given.words()).contains("its Pod has no node: none has room");
    }

    @Test
    void aPodThatCantBeMadeIsAnOutageAndAQuotaIsToldAsSuch() {
        deferred(task(IMAGE, 0, 1));
        cluster.wait = new JobWait(JobWait.Kind.REFUSED, "its Pod can't be made: too large");
        TaskDeferredException refused = deferred(task(IMAGE, 0, 1));
        assertThat(refused.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(refused.reason()).isEqualTo(FailureReason.INTERNAL);
        assertThat(refused.words()).contains("its Pod can't be made: too large");

        cluster.wait = new JobWait(JobWait.Kind.QUOTA, "exceeded quota: few");
        TaskDeferredException full = deferred(task(IMAGE, 0, 1));
        assertThat(full.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(full.reason()).isEqualTo(FailureReason.QUOTA_EXCEEDED);
        assertThat(full.words()).isEqualTo("exceeded quota: few");
        assertThat(cluster.jobs).hasSize(1);
    }

    @Test
    void aVolumeThatCantHoldItFailsTheImageWithThePodsWords() {
        deferred(task(IMAGE, 0, 3));
        cluster.jobsAre("Failed", "PodFailurePolicy");
        cluster.end = new VolumeCluster.PodEnd(1, "exit code 1: No space left on device");
        assertThatThrownBy(() -> filling.fill(task(IMAGE, 0, 3), CLAIM, context))
                .isInstanceOf(ImageFailedException.class)
                .hasMessageContaining("No space left on device");
    }

    @Test
    void aJobThatEndedForNothingIsFollowedByAnother() {
        deferred(task(IMAGE, 0, 1));
        cluster.jobsAre("Complete", "");
        assertThat(deferred(task(IMAGE, 0, 1)).deferral()).isEqualTo(Deferral.FAULT);
        cluster.podsEnd();
        assertThat(cluster.jobs).isEmpty();
    }

    @Test
    void aQuotaIsWaitedFor() {
        cluster.overQuota = true;
        TaskDeferredException given = deferred(task(IMAGE, 0, 1));
        assertThat(given.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(given.reason()).isEqualTo(FailureReason.QUOTA_EXCEEDED);
        cluster.overQuota = false;
        assertThat(deferred(task(IMAGE, 0, 1)).deferral()).isEqualTo(Deferral.STARVED);
        assertThat(cluster.jobs).hasSize(1);
    }

    @Test
    void aClaimOfSomebodyElseIsLeftAlone() {
        deferred(task(IMAGE, 0, 1));
        cluster.claims.get(CLAIM).getMetadata().getLabels().put(WellKnown.UID_LABEL, "another");
        cluster.jobs.clear();
        assertThat(deferred(task(IMAGE, 0, 1)).deferral()).isEqualTo(Deferral.FAULT);
        assertThat(cluster.jobs).isEmpty();
    }

    @Test
    void nothingIsMadeForWhatNobodyWants() {
        context.abandonedAfter(0);
        assertThatThrownBy(() -> filling.fill(task(IMAGE, 0, 1), CLAIM, context))
                .isInstanceOf(TaskAbandonedException.class);
        assertThat(cluster.claims).isEmpty();
    }

    @Test
    void onlyVersionsThatGoAreTakenBack() throws Exception {
        Incarnation later = new Incarnation("team", "cirros", "uid-1", 2, 1);
        deferred(task(IMAGE, 0, 1));
        assertThatThrownBy(() -> filling.fill(task(later, 0, 1), CLAIM + "-2-1", context))
                .isInstanceOf(TaskDeferredException.class);
        assertThat(cluster.claims).hasSize(2);

        filling.remove(later, version -> !version.equals(later));
        cluster.podsEnd();

        assertThat(cluster.claims).containsOnlyKeys(CLAIM + "-2-1");
        assertThat(cluster.jobs.values())
                .singleElement()
                .satisfies(job ->
                        assertThat(job.getMetadata().getLabels()).containsEntry(WellKnown.INCARNATION_LABEL, "2-1"));
        filling.remove(later, version -> true);
        cluster.podsEnd();
        assertThat(cluster.claims).isEmpty();
        assertThat(cluster.jobs).isEmpty();
    }
}
