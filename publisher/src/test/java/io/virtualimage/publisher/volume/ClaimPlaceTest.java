package io.virtualimage.publisher.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.k8s.volume.VolumeJob;
import io.virtualimage.k8s.volume.VolumeMode;
import io.virtualimage.k8s.volume.VolumeProgram;
import io.virtualimage.k8s.volume.VolumeWork;
import io.virtualimage.publisher.PublicNames;
import io.virtualimage.publisher.TestClock;
import io.virtualimage.publisher.care.NoAnswerException;
import io.virtualimage.publisher.care.Place;
import io.virtualimage.publisher.care.PlaceContract;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ClaimPlaceTest extends PlaceContract {
    private static final VolumeProgram PROGRAM = new VolumeProgram("example.com/volume", List.of("run"), "256Mi", "2");

    private final FakeCluster cluster = new FakeCluster();
    private final TestClock clock = new TestClock();
    private boolean synced = true;

    /** Whether the cache has missed that there are claims. */
    private boolean blind;

    private final ClaimPlace place = new ClaimPlace(
            new ClaimCache() {
                @Override
                public boolean synced() {
                    return synced;
                }

                @Override
                public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
                    return blind ? Optional.empty() : Optional.ofNullable(cluster.claims.get(name));
                }

                @Override
                public List<PersistentVolumeClaim> claims(Incarnation image) {
                    return cluster.claims(image);
                }
            },
            cluster,
            clock);

    @Override
    protected Place place() {
        return place;
    }

    @Override
    protected ImagePublished publish(Incarnation version) throws Exception {
        String name = PublicNames.claim(version);
        cluster.create(ClaimManifest.of(version, name, cluster.offer(null), 1 << 20, 0));
        phase(name, "Bound");
        return new ImagePublished(version, 0, null, null, null, 1 << 20, ImageFormat.RAW, false, 1, 1 << 20, name);
    }

    private void phase(String name, String phase) {
        cluster.claims.computeIfPresent(
                name,
                (key, claim) -> new PersistentVolumeClaimBuilder(claim)
                        .withNewStatus()
                        .withPhase(phase)
                        .endStatus()
                        .build());
    }

    private void fill(Incarnation version) {
        cluster.create(new VolumeJob(
                        VolumeWork.FILL,
                        ClaimManifest.owner(version),
                        0,
                        PublicNames.claim(version),
                        VolumeMode.BLOCK,
                        "http://publisher/fill/x")
                .manifest(PROGRAM));
    }

    @Override
    protected void lose(ImagePublished published) {
        cluster.claims.remove(published.claim());
    }

    @Override
    protected void setAway(boolean away) {
        synced = !away;
    }

    @Override
    protected Set<Incarnation> versions(Incarnation image) {
        return cluster.claims(image).stream()
                .flatMap(claim -> VolumeFilling.versionOf(claim, image).stream())
                .collect(Collectors.toSet());
    }

    @Test
    void whatIsOnlyNotInTheCacheIsNotMissing() throws Exception {
        ImagePublished published = publish(version(1, 0));
        blind = true;
        assertThat(place.missing(published)).isEmpty();
        cluster.away = true;
        assertThatExceptionOfType(NoAnswerException.class).isThrownBy(() -> place.missing(published));
        blind = false;
        assertThat(place.missing(published)).isEmpty();
    }

    @Test
    void aClaimWithoutItsVolumeIsMissing() throws Exception {
        ImagePublished published = publish(version(1, 0));
        phase(published.claim(), "Lost");
        assertThat(place.missing(published))
                .contains("The PersistentVolumeClaim team/%s has lost its volume.".formatted(published.claim()));
    }

    @Test
    void aClaimThatIsBeingDeletedIsAsGoodAsGone() throws Exception {
        ImagePublished published = publish(version(1, 0));
        cluster.claims.computeIfPresent(
                published.claim(),
                (key, claim) -> new PersistentVolumeClaimBuilder(claim)
                        .editMetadata()
                        .withDeletionTimestamp("2026-01-01T00:00:00Z")
                        .endMetadata()
                        .build());
        assertThat(place.missing(published))
                .contains("The PersistentVolumeClaim team/%s is being deleted.".formatted(published.claim()));
    }

    @Test
    void aClaimThatIsNotBoundYetSaysNothing() throws Exception {
        ImagePublished published = publish(version(1, 0));
        phase(published.claim(), "Pending");
        assertThatExceptionOfType(NoAnswerException.class)
                .isThrownBy(() -> place.missing(published))
                .withMessageContaining("is Pending");
    }

    @Test
    void aClaimOfThatNameIsTheImagesOnlyByItsLabels() throws Exception {
        ImagePublished published = publish(version(1, 1));
        cluster.claims.computeIfPresent(
                published.claim(),
                (key, claim) -> new PersistentVolumeClaimBuilder(claim)
                        .editMetadata()
                        .addToLabels(WellKnown.INCARNATION_LABEL, "1-0")
                        .endMetadata()
                        .build());
        assertThat(place.missing(published).orElseThrow()).contains("does not have its labels");
    }

    @Test
    void aStraysJobGoesWithItButOneOfANewerVersionStays() throws Exception {
        publish(version(1, 0));
        fill(version(1, 0));
        fill(version(2, 0));
        clock.advance(Duration.ofMinutes(1));
        place.sweep(version(1, 1), version(1, 1)::isAfter);
        assertThat(cluster.claims).isEmpty();
        cluster.podsEnd();
        assertThat(cluster.jobs.values())
                .singleElement()
                .satisfies(job ->
                        assertThat(job.getMetadata().getLabels()).containsEntry(WellKnown.INCARNATION_LABEL, "2-0"));
    }

    @Test
    void aNamesakeInAnotherNamespaceIsLeftAlone() throws Exception {
        publish(version(1, 0));
        fill(version(1, 0));
        Incarnation elsewhere = new Incarnation("other", "cirros", version(1, 0).uid(), 1, 0);
        place.sweep(elsewhere, version -> true);
        assertThat(cluster.claims).hasSize(1);
        cluster.podsEnd();
        assertThat(cluster.jobs).hasSize(1);
    }
}
