package io.virtualimage.watcher;

import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.Published;
import io.virtualimage.topics.Event.Request;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What stands on the topics about one image.
 *
 * @param request the last word on {@code virtualimage.requests}; a late record of a paused leader may have put an old one there
 * @param highest the highest incarnation that anything of the former spoke of
 * @param retry the value of the retry annotation that was answered by the highest
 * @param withdrawn whether the image was ever withdrawn: there is no way back from that
 * @param published the last word on {@code virtualimage.published}
 * @param publishedAt when that was said
 */
public record OnRecord(
        @Nullable Request request,
        @Nullable Incarnation highest,
        @Nullable String retry,
        boolean withdrawn,
        @Nullable Published published,
        @Nullable Instant publishedAt) {

    public static final OnRecord NOTHING = new OnRecord(null, null, null, false, null, null);

    /** The same with one more record of {@code requests} or {@code published} in it. */
    public OnRecord with(ViewRecord record) {
        Recorded recorded = record.recorded();
        if (recorded == null) {
            return record.topic() == Topic.REQUESTS
                    ? new OnRecord(null, null, null, false, published, publishedAt)
                    : new OnRecord(request, highest, retry, withdrawn, null, null);
        }
        Event event = recorded.event();
        if (event instanceof Request said) {
            boolean higher = highest == null || said.image().compareTo(highest) >= 0;
            return new OnRecord(
                    said,
                    higher ? said.image() : highest,
                    higher ? retryOf(said) : retry,
                    withdrawn || said instanceof ImageWithdrawn,
                    published,
                    publishedAt);
        }
        return event instanceof Published said
                ? new OnRecord(request, highest, retry, withdrawn, said, recorded.time())
                : this;
    }

    /** Whether nothing at all is on record. */
    public boolean isEmpty() {
        return equals(NOTHING);
    }

    /** The highest incarnation that was requested or published; null if none was. */
    public @Nullable Incarnation last() {
        if (published == null) {
            return highest;
        }
        return highest == null || published.image().isAfter(highest) ? published.image() : highest;
    }

    /** Whether the last word is that this very incarnation can be used. */
    public boolean isPublished(Incarnation image) {
        return published instanceof ImagePublished done && done.image().equals(image);
    }

    /** Whether the image is withdrawn, and all that it had published is gone. */
    public boolean isRemoved() {
        if (!(published instanceof ImageRemoved gone) || gone.kept() != null) {
            return false;
        }
        return request == null
                || (request instanceof ImageWithdrawn && !request.image().isAfter(gone.image()));
    }

    private static @Nullable String retryOf(Request request) {
        return switch (request) {
            case ImageRequested requested -> requested.retry();
            case ImageBlocked blocked -> blocked.retry();
            case ImageWithdrawn ignored -> null;
        };
    }
}
