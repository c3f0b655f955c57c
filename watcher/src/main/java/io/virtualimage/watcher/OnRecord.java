package io.virtualimage.watcher;

import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImageLost;
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
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What stands on the topics about one image.
 *
 * @param request the last word on {@code virtualimage.requests}; a late record of a paused leader may have put an old one there
 * @param highest the highest incarnation that anything of the former spoke of
 * @param standing the last request for the highest
 * @param requested the last request for the highest that could be worked on; null if none was ever made: then no bytes of
 *     it can be anywhere
 * @param torn whether the highest was requested with two different contents: two leaders spoke at once, and bytes of both
 *     may have met
 * @param retry the value of the retry annotation that was answered by the highest
 * @param withdrawn whether the image was ever withdrawn: there is no way back from that
 * @param published the last word on {@code virtualimage.published}
 * @param publishedAt when that was said
 */
public record OnRecord(
        @Nullable Request request,
        @Nullable Incarnation highest,
        @Nullable Request standing,
        @Nullable ImageRequested requested,
        boolean torn,
        @Nullable String retry,
        boolean withdrawn,
        @Nullable Published published,
        @Nullable Instant publishedAt) {

    public static final OnRecord NOTHING = new OnRecord(null, null, null, null, false, null, false, null, null);

    /** The same with one more record of {@code requests} or {@code published} in it. */
    public OnRecord with(ViewRecord record) {
        Recorded recorded = record.recorded();
        if (recorded == null) {
            return record.topic() == Topic.REQUESTS ? NOTHING.with(published, publishedAt) : with(null, null);
        }
        Event event = recorded.event();
        return switch (event) {
            case Request said -> with(said);
            case Published said -> with(said, recorded.time());
            default -> this;
        };
    }

    private OnRecord with(@Nullable Published said, @Nullable Instant at) {
        return new OnRecord(request, highest, standing, requested, torn, retry, withdrawn, said, at);
    }

    private OnRecord with(Request said) {
        boolean nowWithdrawn = withdrawn || said instanceof ImageWithdrawn;
        int order = highest == null ? 1 : said.image().compareTo(highest);
        if (order < 0) {
            return new OnRecord(said, highest, standing, requested, torn, retry, nowWithdrawn, published, publishedAt);
        }
        ImageRequested before = order > 0 ? null : requested;
        ImageRequested now = said instanceof ImageRequested wanted ? wanted : before;
        boolean nowTorn = (order == 0 && torn) || (before != null && now != null && !sameContent(before, now));
        return new OnRecord(
                said, said.image(), said, now, nowTorn, retryOf(said), nowWithdrawn, published, publishedAt);
    }

    /** Whether two requests lead to the same bytes in the same place. */
    static boolean sameContent(ImageRequested a, ImageRequested b) {
        return a.source().equals(b.source())
                && a.storage() == b.storage()
                && Objects.equals(a.sourceUid(), b.sourceUid())
                && Objects.equals(a.storageClass(), b.storageClass());
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

    /** Whether the last word is that this very incarnation was published, lost or not. */
    public boolean isPublished(Incarnation image) {
        return switch (published) {
            case ImagePublished done -> done.image().equals(image);
            case ImageLost loss -> loss.image().equals(image);
            case ImageRemoved ignored -> false;
            case null -> false;
        };
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
