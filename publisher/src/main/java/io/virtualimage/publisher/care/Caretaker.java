package io.virtualimage.publisher.care;

import io.virtualimage.stage.process.Share;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageLost;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Recorded;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Looks whether what was published is still there, says when it isn't and when it is again, and takes away what a publisher
 * left behind that was paused while it was overtaken. Many threads may work with it.
 *
 * <p>Says nothing unless the ledger wants just this version and the last word on it is still the one that the look began
 * with. What slips through all the same is harmless: a loss of what is being removed makes the fold remove it once more, a
 * loss of an older version makes it say the current word again, and a wrong word on the current version is put right by the
 * next look.
 */
public final class Caretaker {
    private static final Logger LOG = LoggerFactory.getLogger(Caretaker.class);

    private final Agenda agenda;
    private final Share share;
    private final Ledger ledger;
    private final Announcer announcer;
    private final Place registry;
    private final @Nullable Place claims;

    /** Whether the log has spoken of what goes wrong now. */
    private volatile boolean mute;

    /** @param claims null if nothing is set up to fill volumes: what is on one is not looked after */
    public Caretaker(
            Agenda agenda, Share share, Ledger ledger, Announcer announcer, Place registry, @Nullable Place claims) {
        this.agenda = agenda;
        this.share = share;
        this.ledger = ledger;
        this.announcer = announcer;
        this.registry = registry;
        this.claims = claims;
    }

    /** Looks after all images whose turn it is. */
    public void work() throws InterruptedException {
        for (Optional<String> next = agenda.take(); next.isPresent(); next = agenda.take()) {
            String uid = next.get();
            try {
                lookAfter(uid);
            } finally {
                agenda.done(uid);
            }
        }
    }

    private void lookAfter(String uid) throws InterruptedException {
        Recorded last = share.last(uid).orElse(null);
        if (last == null || !(last.event() instanceof Event.Published word)) {
            return;
        }
        try {
            switch (word) {
                case ImagePublished published -> look(published, last);
                case ImageLost lost -> lookForReturn(lost, last);
                case ImageRemoved ignored -> {}
            }
            mute = false;
        } catch (NoAnswerException e) {
            tell(word.image(), e, "whether an image is still there can't be said");
        } catch (AnnouncementException e) {
            tell(word.image(), e, "the broker did not take what became of an image");
        }
        // After the look: a place that doesn't answer must not keep a loss in the other one from being told.
        sweep(registry, word);
        if (claims != null) {
            sweep(claims, word);
        }
    }

    private void look(ImagePublished published, Recorded last)
            throws NoAnswerException, AnnouncementException, InterruptedException {
        Place place = place(published);
        if (place == null || !wants(published.image())) {
            return;
        }
        Optional<String> missing = place.missing(published);
        if (missing.isPresent() && holds(last)) {
            Incarnation image = published.image();
            announcer.announce(new ImageLost(image, published, missing.get()));
            log(LOG.atWarn(), image).addKeyValue("missing", missing.get()).log("image lost");
        }
    }

    private void lookForReturn(ImageLost lost, Recorded last)
            throws NoAnswerException, AnnouncementException, InterruptedException {
        Place place = place(lost.published());
        if (place == null || !wants(lost.image())) {
            return;
        }
        if (place.missing(lost.published()).isEmpty() && holds(last)) {
            announcer.announce(lost.published());
            log(LOG.atInfo(), lost.image()).log("image is back");
        }
    }

    private void sweep(Place place, Event.Published word) throws InterruptedException {
        try {
            place.sweep(word.image(), Strays.of(word));
        } catch (NoAnswerException e) {
            tell(word.image(), e, "strays can't be looked for");
        }
    }

    private @Nullable Place place(ImagePublished published) {
        return published.claim() == null ? registry : claims;
    }

    /** Whether the last word on an image is still the same, and still ours to look after, and still wanted. */
    private boolean holds(Recorded last) {
        Incarnation image = last.event().image();
        return wants(image)
                && share.last(image.uid())
                        .filter(now -> now.at().equals(last.at()))
                        .isPresent();
    }

    private boolean wants(Incarnation image) {
        try {
            return ledger.wanted(image.uid()).filter(image::equals).isPresent();
        } catch (Ledger.LedgerBehindException e) {
            return false; // it will have read all by the next turn
        }
    }

    /** The first that goes wrong after something went well: while a place is away, all images have the same to say. */
    private void tell(Incarnation image, Exception e, String what) {
        LoggingEventBuilder line = mute ? LOG.atDebug() : LOG.atWarn();
        mute = true;
        log(line, image).addKeyValue("message", e.getMessage()).log(what);
    }

    private static LoggingEventBuilder log(LoggingEventBuilder line, Incarnation image) {
        return line.addKeyValue("namespace", image.namespace())
                .addKeyValue("name", image.name())
                .addKeyValue("uid", image.uid())
                .addKeyValue("generation", image.generation());
    }
}
