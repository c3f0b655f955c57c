package io.virtualimage.fetcher.volume;

import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.web.WebAnswer;
import io.virtualimage.stage.web.WebEndpoint;
import io.virtualimage.stage.web.WebRequest;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.topics.Incarnation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a Pod that reads a volume sends. Every request may come twice and to any replica. Below the Pod's address:
 * {@code POST open/BYTES} tells the volume's length and is answered with the length of a segment; {@code GET missing} with
 * the segments that aren't staged; {@code PUT segments/INDEX} stages one; {@code PUT zeros/INDEX} says that one holds only
 * zeros; {@code POST heartbeat/BYTES} is a sign of life.
 *
 * <p>404: nothing that is known here (a wrong token too); 410: not wanted any more; 503: come again; 400, 405, 409 and 422: a
 * refusal, with a line of words.
 */
public final class VolumeEndpoint implements WebEndpoint {
    /** What the paths begin with that are for this endpoint. */
    public static final String PREFIX = VolumeAddress.PREFIX;

    private static final Logger LOG = LoggerFactory.getLogger(VolumeEndpoint.class);
    private static final int NOT_FOUND = 404;
    private static final int GONE = 410;
    private static final int UNAVAILABLE = 503;

    private final AccessTokens tokens;
    private final VolumeRequests requests;
    private final Ledger ledger;
    private final SourceBook book;
    private final VolumeIntake intake;
    private final StagingStore staging;

    /**
     * An endpoint.
     *
     * @param worker name of this replica
     */
    public VolumeEndpoint(
            AccessTokens tokens,
            VolumeRequests requests,
            Ledger ledger,
            SourceBook book,
            StagingStore staging,
            Announcer announcer,
            VolumeLimits limits,
            String worker) {
        this.tokens = tokens;
        this.requests = requests;
        this.ledger = ledger;
        this.book = book;
        this.staging = staging;
        this.intake = new VolumeIntake(staging, announcer, book, limits, worker);
    }

    @Override
    public WebAnswer serve(WebRequest request) throws IOException, InterruptedException {
        Optional<VolumeAddress> parsed = VolumeAddress.parse(request.path());
        if (parsed.isEmpty()) {
            return words(NOT_FOUND, "there is nothing here");
        }
        VolumeAddress address = parsed.get();
        try {
            WantedVolume wanted = requests.of(address.uid()).orElse(null);
            if (wanted == null) {
                return words(NOT_FOUND, "there is nothing here");
            }
            Incarnation asked = new Incarnation(
                    wanted.image().namespace(),
                    wanted.image().name(),
                    address.uid(),
                    Math.max(1, address.generation()),
                    address.run());
            if (!tokens.opens(address.token(), Door.READ_VOLUME, asked)) {
                return words(NOT_FOUND, "there is nothing here");
            }
            if (wanted.image().isAfter(asked)) {
                return gone();
            }
            if (asked.isAfter(wanted.image())) {
                return words(UNAVAILABLE, "this replica has not heard of it yet");
            }
            return serve(request, address, wanted);
        } catch (SourceBook.UnknownException | StagingUnavailableException | AnnouncementException e) {
            LOG.atWarn().addKeyValue("volume", address).setCause(e).log("a Pod has to come again");
            return words(UNAVAILABLE, "it can't be done at the moment: come again");
        }
    }

    private WebAnswer serve(WebRequest request, VolumeAddress address, WantedVolume wanted)
            throws IOException, SourceBook.UnknownException, StagingUnavailableException, AnnouncementException,
                    InterruptedException {
        VolumeWish wish;
        try {
            wish = VolumeWish.parse(request.method(), address.wish());
        } catch (IllegalArgumentException e) {
            return words(400, String.valueOf(e.getMessage()));
        }
        Incarnation image = wanted.image();
        SourceFacts facts = facts(wanted, wish, address.epoch());
        if (facts.epoch() > address.epoch()) {
            return gone();
        }
        if (VolumeIntake.scatters(wish, facts)) {
            return words(UNAVAILABLE, "too many segments are missing before this one, and have to come first");
        }
        WebAnswer answer = switch (wish) {
            case VolumeWish.Open open -> {
                intake.open(image, address, open.lengthBytes(), facts);
                SourceFacts opened = book.read(wanted);
                yield opened.epoch() > address.epoch() ? gone() : VolumeIntake.opened(open, opened);
            }
            case VolumeWish.Missing ignored -> VolumeIntake.missing(facts);
            case VolumeWish.Segment segment -> intake.take(image, address, segment, facts, request);
            case VolumeWish.Zeros zeros -> intake.zeros(image, address, zeros, facts);
            case VolumeWish.Heartbeat beat -> intake.heartbeat(image, address, beat);
        };
        if (wish instanceof VolumeWish.Segment && ledger.judgeNow(image) == Ledger.Verdict.STALE) {
            staging.clean(image, false); // the broom may have come before
            return gone();
        }
        return answer;
    }

    /** What is being read grows by what is staged; who opened it, and how it is cut, stays what it is. */
    private SourceFacts facts(WantedVolume wanted, VolumeWish wish, int epoch)
            throws SourceBook.UnknownException, InterruptedException {
        boolean exact = wish instanceof VolumeWish.Open || wish instanceof VolumeWish.Missing;
        SourceFacts facts = exact ? book.read(wanted) : book.recall(wanted);
        boolean behind =
                !exact && (facts.epoch() < epoch || facts.opened() == null || VolumeIntake.scatters(wish, facts));
        return behind ? book.read(wanted) : facts;
    }

    private static WebAnswer gone() {
        return words(GONE, "this is not wanted any more");
    }

    static WebAnswer words(int status, String line) {
        return WebAnswer.of(status, "text/plain; charset=utf-8", (line + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
