package io.virtualimage.stage.fold;

import static io.virtualimage.topics.FailureReason.SOURCE_CHANGING;
import static io.virtualimage.topics.FailureReason.SOURCE_TRUNCATED;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.DiskInspected;
import io.virtualimage.topics.Event.ImageLost;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.LayerPushed;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.StageProgressed;
import io.virtualimage.topics.Event.StagingCleaned;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Event.TaskDeferred;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.StagedSource;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of one image, merged from the topics. The highest incarnation that any event spoke of counts; what
 * was known of a lower one is dropped, but for what it left behind.
 *
 * @param image the highest incarnation seen
 * @param request what is wanted of it; null as long as only other topics spoke of it
 * @param withdrawn whether the image was deleted; final
 * @param cause where the last request or withdrawal stands
 * @param since when this incarnation was first heard of
 * @param source what is known of its source
 * @param epochSince when the source's epoch began
 * @param sourceTrouble what keeps the source from giving anything new; null when all is well
 * @param converted what became of the staged bytes; of any epoch, so compare before use
 * @param layer the layer that was pushed; of any epoch
 * @param pushed how far the push has come
 * @param published what was published of this incarnation
 * @param lost what of that is not there any more; null if all is
 * @param failed why it can't be had
 * @param straysPublished whether another version may still be visible, and has to be removed
 * @param straysStaged whether another version may have left staged objects
 * @param hidden whether the last word on {@code virtualimage.published} is not this incarnation's, though it is published
 * @param removed whether all that was published of a withdrawn image is gone
 * @param cleaned whether its staging is gone
 * @param follow the place on {@code virtualimage.fetched} behind all that is in {@code source}
 * @param stagedAt when somebody was last heard of who may have put something into staging; null if nobody was
 * @param sweptAt when staging was last cleaned altogether; null if never
 */
public record ImageFacts(
        Incarnation image,

        @JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME, include = JsonTypeInfo.As.WRAPPER_OBJECT)
        Event.@Nullable Request request,

        boolean withdrawn,
        @Nullable Position cause,
        Instant since,
        SourceFacts source,
        Instant epochSince,
        @Nullable Trouble sourceTrouble,
        ConvertFacts converted,
        @Nullable LayerPushed layer,
        @Nullable StageProgressed pushed,
        @Nullable ImagePublished published,
        @Nullable ImageLost lost,
        @Nullable StageFailed failed,
        boolean straysPublished,
        boolean straysStaged,
        boolean hidden,
        boolean removed,
        boolean cleaned,
        @Nullable Position follow,
        @Nullable Instant stagedAt,
        @Nullable Instant sweptAt) {

    public ImageFacts {
        if (converted == null) {
            converted = ConvertFacts.NONE; // a state that an older version left
        }
    }

    /** Longer than it takes until a worker that is cut off or was paused stops, most of the time. */
    static final Duration AFTER_WORK = Duration.ofSeconds(60);

    /**
     * In what way a source fails to give anything new.
     *
     * @param since when it first failed after it last gave something
     * @param last when it last failed
     */
    public record Trouble(Instant since, Instant last, FailureReason reason, String message) {}

    /** Nothing is known yet of an image but that it exists. */
    public static ImageFacts of(Incarnation image, Instant since) {
        return new Changes(image, since).facts();
    }

    /** The facts with one more event; the same if it says nothing new. */
    public ImageFacts merge(Recorded recorded) {
        Event event = recorded.event();
        Changes next = new Changes(this);
        if (event.image().isAfter(image)) {
            next.begin(event.image(), recorded.time());
        }
        if (event.image().isAfter(image) || event.image().equals(image)) {
            next.mergeCurrent(event, recorded);
        } else {
            next.mergeOlder(event);
        }
        return next.facts();
    }

    /**
     * The facts without a segment that turned out to be lost. Only the fold that can have it made again asks for this:
     * the others learn of it from that stage's topic, on which a later epoch, or the same segment again, comes in one
     * order for all.
     */
    ImageFacts lose(Event.SegmentMissing missing, Stage maker, Instant now) {
        Changes next = new Changes(this);
        boolean ofSource = missing.kind() == null || missing.kind() == SegmentKind.SOURCE;
        if (ofSource && maker == Stage.FETCH) {
            next.become(source.lose(missing.epoch(), missing.session(), missing.index()), now);
        } else if (!ofSource && maker == Stage.CONVERT) {
            next.converted = converted.lose(missing);
        }
        return next.facts();
    }

    /** The word on {@code virtualimage.published} that counts; null if nothing was published. */
    public Event.@Nullable Published standing() {
        return lost != null ? lost : published;
    }

    /** The request, if the image is wanted and nothing blocks it; else null. */
    public @Nullable ImageRequested wanted() {
        return !withdrawn && request instanceof ImageRequested requested ? requested : null;
    }

    /** What became of the staged bytes of the source's present epoch. */
    public ConvertFacts currentConversion() {
        return converted.epoch() == source.epoch() ? converted : ConvertFacts.inEpoch(source.epoch());
    }

    /** What the image is, if that was found out in the source's present epoch; else null. */
    public @Nullable DiskInspected currentDisk() {
        return currentConversion().inspected();
    }

    /** What the disk is read from, as far as it is staged: the source, or what it was unpacked to. */
    public StagedSource disk() {
        ConvertFacts conversion = currentConversion();
        return conversion.basis() == SegmentKind.PLAIN
                ? conversion.plain(source.staged().segmentBytes())
                : source.staged();
    }

    /** The pushed layer, if it holds the source's present epoch; else null. */
    public @Nullable LayerPushed currentLayer() {
        return layer != null && layer.epoch() == source.epoch() ? layer : null;
    }

    /**
     * Whether staging is clean, and was cleaned again when nobody had been at work for a while: whoever was about to put
     * something there when the broom came has done so by then.
     */
    public boolean swept(Instant now) {
        Instant settled = (stagedAt == null ? since : stagedAt).plus(AFTER_WORK);
        return cleaned && sweptAt != null && (!sweptAt.isBefore(settled) || settled.isAfter(now));
    }

    /** Whether nothing more will be done for this incarnation, but cleaning up. */
    public boolean over() {
        return withdrawn || published != null || failed != null;
    }

    /** The facts while they are being changed. */
    private static final class Changes {
        private Incarnation image;
        private Event.@Nullable Request request;
        private boolean withdrawn;
        private @Nullable Position cause;
        private Instant since;
        private SourceFacts source = SourceFacts.NONE;
        private Instant epochSince;
        private @Nullable Trouble sourceTrouble;
        private ConvertFacts converted = ConvertFacts.NONE;
        private @Nullable LayerPushed layer;
        private @Nullable StageProgressed pushed;
        private @Nullable ImagePublished published;
        private @Nullable ImageLost lost;
        private @Nullable StageFailed failed;
        private boolean straysPublished;
        private boolean straysStaged;
        private boolean hidden;
        private boolean removed;
        private boolean cleaned;
        private @Nullable Position follow;
        private @Nullable Instant stagedAt;
        private @Nullable Instant sweptAt;

        Changes(Incarnation image, Instant since) {
            this.image = image;
            this.since = since;
            this.epochSince = since;
        }

        Changes(ImageFacts facts) {
            image = facts.image;
            request = facts.request;
            withdrawn = facts.withdrawn;
            cause = facts.cause;
            since = facts.since;
            source = facts.source;
            epochSince = facts.epochSince;
            sourceTrouble = facts.sourceTrouble;
            converted = facts.converted;
            layer = facts.layer;
            pushed = facts.pushed;
            published = facts.published;
            lost = facts.lost;
            failed = facts.failed;
            straysPublished = facts.straysPublished;
            straysStaged = facts.straysStaged;
            hidden = facts.hidden;
            removed = facts.removed;
            cleaned = facts.cleaned;
            follow = facts.follow;
            stagedAt = facts.stagedAt;
            sweptAt = facts.sweptAt;
        }

        void begin(Incarnation newer, Instant now) {
            // Even if nothing is known to have been left behind, something may be under way.
            straysPublished = true;
            straysStaged = true;
            hidden = false;
            image = newer;
            request = null;
            since = now;
            source = SourceFacts.NONE;
            epochSince = now;
            sourceTrouble = null;
            converted = ConvertFacts.NONE;
            layer = null;
            pushed = null;
            published = null;
            lost = null;
            failed = null;
            removed = false;
            cleaned = false;
            follow = null;
            stagedAt = null;
            sweptAt = null;
        }

        void mergeCurrent(Event event, Recorded recorded) {
            if (isStagingWork(event)) {
                cleaned = false; // staged, maybe, after the broom
                stagedAt = recorded.time();
            }
            switch (event) {
                case Event.ImageWithdrawn ignored -> {
                    withdrawn = true;
                    cause = recorded.at();
                }
                case Event.Request wish -> {
                    if (cause == null || recorded.at().offset() > cause.offset()) {
                        cause = withdrawn ? cause : recorded.at();
                        if (wish instanceof ImageRequested && request instanceof Event.ImageBlocked) {
                            epochSince = recorded.time(); // what it waited for is no delay of the source's
                        }
                        request = wish;
                    } else if (request == null) {
                        request = wish;
                    }
                }
                case Event.Fetched fetched -> mergeFetched(fetched, recorded);
                case Event.Converted fact -> converted = converted.merge(fact);
                case LayerPushed done -> {
                    if (layer == null || done.epoch() >= layer.epoch()) {
                        layer = done;
                    }
                }
                case StageProgressed progress -> {
                    if (pushed == null || progress.epoch() > pushed.epoch() || isFurther(progress, pushed)) {
                        pushed = progress;
                    }
                }
                case ImagePublished done -> {
                    published = done;
                    lost = null;
                    removed = false;
                    hidden = false;
                }
                case ImageLost loss -> {
                    published = loss.published();
                    lost = loss;
                    removed = false;
                    hidden = false;
                }
                case ImageRemoved gone -> mergeRemoved(gone);
                case StagingCleaned gone -> mergeCleaned(gone, recorded.time());
                case StageFailed failure -> {
                    if (failed == null) {
                        failed = failure;
                    }
                }
                case TaskDeferred deferred -> {
                    if (deferred.task().fillsVolume() && (withdrawn || failed != null)) {
                        removed = false; // a claim or a Job, maybe, made after the removal
                    }
                    if (deferred.deferral() == TaskDeferred.Deferral.SOURCE) {
                        trouble(deferred.reason(), deferred.message(), recorded.time());
                    }
                }
                case Event.SegmentMissing ignored -> {} // for the one who can have it fetched again: see lose
                case Event.TaskHeartbeat ignored -> {}
                case Event.PushParked ignored -> {}
                case Event.StatusChanged ignored -> {}
                case Event.TaskEvent ignored -> {}
            }
        }

        private static boolean isFurther(StageProgressed progress, StageProgressed than) {
            return progress.epoch() == than.epoch() && progress.doneBytes() > than.doneBytes();
        }

        private void become(SourceFacts next, Instant now) {
            if (next.epoch() > source.epoch()) {
                epochSince = now;
            }
            source = next;
        }

        private void trouble(FailureReason reason, String message, Instant now) {
            sourceTrouble = new Trouble(sourceTrouble == null ? now : sourceTrouble.since(), now, reason, message);
        }

        private void mergeFetched(Event.Fetched fetched, Recorded recorded) {
            long before = source.highWaterBytes();
            boolean current = fetched.epoch() >= source.epoch();
            become(source.merge(fetched, recorded.time()), recorded.time());
            if (source.highWaterBytes() > before) {
                sourceTrouble = null;
            }
            if (current && fetched instanceof StreamBroken broken) {
                switch (broken.cause()) {
                    case SOURCE_CHANGED -> trouble(SOURCE_CHANGING, broken.message(), recorded.time());
                    case SOURCE_BROKE -> trouble(SOURCE_TRUNCATED, broken.message(), recorded.time());
                    case INTERRUPTED -> {}
                }
            }
            if (follow == null || recorded.at().offset() >= follow.offset()) {
                follow = new Position(recorded.at().partition(), recorded.at().offset() + 1);
            }
        }

        /** Whether somebody was at work who puts segments or documents into staging. */
        private static boolean isStagingWork(Event event) {
            return switch (event) {
                case Event.SegmentFetched ignored -> true;
                case Event.SegmentConverted ignored -> true;
                case Event.RecipeWritten ignored -> true;
                case LayerPushed ignored -> true;
                case StageProgressed ignored -> true;
                case Event.PushParked ignored -> true;
                case Event.TaskHeartbeat beat -> beat.task().stages();
                case TaskDeferred deferred -> deferred.task().stages();
                default -> false;
            };
        }

        private void mergeRemoved(ImageRemoved gone) {
            straysPublished = false;
            if (gone.kept() == null) {
                removed = true;
                published = null;
                lost = null;
            } else {
                hidden = published != null;
            }
        }

        private void mergeCleaned(StagingCleaned gone, Instant at) {
            straysStaged = false;
            if (gone.kept() == null) {
                cleaned = true;
                sweptAt = at;
            }
        }

        void mergeOlder(Event event) {
            if (event instanceof Event.ImageWithdrawn) {
                withdrawn = true;
            } else if (event instanceof Event.Published) {
                hidden = published != null;
                straysPublished |= event instanceof ImagePublished || event instanceof ImageLost;
                removed = false;
            } else if (event instanceof TaskDeferred deferred && deferred.task().fillsVolume()) {
                straysPublished = true; // a claim or a Job, maybe, made after the removal
                removed = false;
            } else if (event instanceof Event.SegmentFetched
                    || event instanceof Event.SegmentConverted
                    || event instanceof Event.RecipeWritten) {
                straysStaged = true;
                cleaned = false;
            }
        }

        ImageFacts facts() {
            return new ImageFacts(
                    image,
                    request,
                    withdrawn,
                    cause,
                    since,
                    source,
                    epochSince,
                    sourceTrouble,
                    converted,
                    layer,
                    pushed,
                    published,
                    lost,
                    failed,
                    straysPublished,
                    straysStaged,
                    hidden,
                    removed,
                    cleaned,
                    follow,
                    stagedAt,
                    sweptAt);
        }
    }
}
