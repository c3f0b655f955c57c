package io.virtualimage.publisher.care;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Incarnation;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What holds of every place where images are published. */
public abstract class PlaceContract {
    private static final String UID = "0f8f0f5e-3c1a-4d58-9d5c-0b8f5a6c7d11";

    protected abstract Place place();

    /** Puts a version there, as a publisher would. */
    protected abstract ImagePublished publish(Incarnation version) throws Exception;

    /** Somebody else takes it away. */
    protected abstract void lose(ImagePublished published) throws Exception;

    /** From now on the place is not to be reached, or no. */
    protected abstract void setAway(boolean away);

    /** Which versions of an image are there. */
    protected abstract Set<Incarnation> versions(Incarnation image) throws Exception;

    protected static Incarnation version(long generation, long run) {
        return new Incarnation("team", "cirros", UID, generation, run);
    }

    @Test
    void whatIsThereIsNotMissing() throws Exception {
        ImagePublished published = publish(version(1, 0));
        publish(version(2, 0));
        assertThat(place().missing(published)).isEmpty();
        assertThat(place().missing(published)).isEmpty();
    }

    @Test
    void whatIsLostIsMissingByItsNameUntilItIsBack() throws Exception {
        ImagePublished published = publish(version(1, 0));
        ImagePublished other = publish(version(2, 0));
        lose(published);
        String name = published.claim() == null ? published.registryUrl() : published.claim();
        assertThat(place().missing(published).orElseThrow()).contains(Objects.requireNonNull(name));
        assertThat(place().missing(other)).isEmpty();
        publish(version(1, 0));
        assertThat(place().missing(published)).isEmpty();
    }

    @Test
    void aPlaceThatIsAwaySaysNothing() throws Exception {
        ImagePublished published = publish(version(1, 0));
        lose(published);
        setAway(true);
        assertThatExceptionOfType(NoAnswerException.class)
                .isThrownBy(() -> place().missing(published))
                .withMessageMatching(".+");
        assertThatExceptionOfType(NoAnswerException.class)
                .isThrownBy(() -> place().sweep(version(1, 0), version -> true))
                .withMessageMatching(".+");
        setAway(false);
        assertThat(place().missing(published)).isPresent();
    }

    @Test
    void sweepsOnlyVersionsThatGoAndOnlyOfThatImage() throws Exception {
        Incarnation namesake = new Incarnation("team", "cirros", "11111111-3c1a-4d58-9d5c-0b8f5a6c7d11", 1, 0);
        publish(namesake);
        for (Incarnation each : new Incarnation[] {version(1, 0), version(1, 1), version(2, 0), version(10, 0)}) {
            publish(each);
        }
        for (int i = 0; i < 2; i++) {
            place().sweep(version(2, 0), version(2, 0)::isAfter);
            assertThat(versions(version(1, 0))).containsExactlyInAnyOrder(version(2, 0), version(10, 0));
        }
        place().sweep(version(10, 0), version -> true);
        assertThat(versions(version(1, 0))).isEmpty();
        assertThat(versions(namesake)).containsExactly(namesake);
    }

    @Test
    void whereThereIsNothingThereIsNothingToSweep() throws Exception {
        place().sweep(version(1, 0), version -> true);
        assertThat(versions(version(1, 0))).isEmpty();
    }
}
