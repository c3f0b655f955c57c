package io.virtualimage.publisher.care;

import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Incarnation;
import java.util.Set;
import java.util.stream.Collectors;

class FakePlaceTest extends PlaceContract {
    private final FakePlace place = new FakePlace();

    @Override
    protected Place place() {
        return place;
    }

    @Override
    protected ImagePublished publish(Incarnation version) {
        place.there.add(version);
        return CaretakerTest.published(version);
    }

    @Override
    protected void lose(ImagePublished published) {
        place.there.remove(published.image());
    }

    @Override
    protected void setAway(boolean away) {
        place.away = away;
    }

    @Override
    protected Set<Incarnation> versions(Incarnation image) {
        return place.there.stream()
                .filter(version -> version.uid().equals(image.uid()))
                .collect(Collectors.toSet());
    }
}
