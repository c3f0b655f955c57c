package io.virtualimage.fetcher.upload;

import io.micrometer.core.instrument.MeterRegistry;
import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.Refusal.RefusedException;
import io.virtualimage.fetcher.upload.UploadProtocol.Sending;
import io.virtualimage.fetcher.upload.UploadRules.Decision;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.web.WebAnswer;
import io.virtualimage.stage.web.WebEndpoint;
import io.virtualimage.stage.web.WebRequest;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.topics.Event.UploadOpened;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.UploadLease;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers {@code /upload/<token>}. */
final class UploadDesk implements WebEndpoint, AutoCloseable {
    static final String PATH = "/upload/";

    private static final Logger LOG = LoggerFactory.getLogger(UploadDesk.class);
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final long CLOSE_MS = 8_000;
    private static final String METHODS = "GET, HEAD, OPTIONS, PATCH, POST, PUT";
    private static final int MOST_LOOKS = 16;
    private static final int OK = 200;
    private static final int CREATED = 201;
    private static final int NO_CONTENT = 204;

    private final UploadPorts ports;
    private final UploadBook book;
    private final BooleanSupplier bookComplete;
    private final UploadLimits limits;
    private final Path spools;
    private final RandomGenerator random;
    private final Semaphore room;

    /** Who only looks opens a history as well, a connection to the broker, and must not take those of uploads. */
    private final Semaphore looks = new Semaphore(MOST_LOOKS);

    private final UploadMeters meters;
    private final Set<Thread> receiving = ConcurrentHashMap.newKeySet();
    private volatile boolean closing;

    /**
     * A desk.
     *
     * @param bookComplete whether the book has been handed all there was
     * @param most how many uploads may be received at a time
     * @param spools where segments are kept while they come
     * @param random names sessions; two must never be given the same name
     */
    UploadDesk(
            UploadPorts ports,
            UploadBook book,
            BooleanSupplier bookComplete,
            UploadLimits limits,
            int most,
            Path spools,
            RandomGenerator random,
            MeterRegistry registry) {
        this.ports = ports;
        this.book = book;
        this.bookComplete = bookComplete;
        this.limits = limits;
        this.spools = spools;
        this.random = random;
        this.room = new Semaphore(most);
        this.meters = new UploadMeters(registry, receiving::size);
    }

    @Override
    public WebAnswer serve(WebRequest request) throws IOException, InterruptedException {
        try {
            return answer(request);
        } catch (RefusedException e) {
            meters.refused(e.refusal().kind());
            return e.refusal().answer();
        }
    }

    private WebAnswer answer(WebRequest request) throws RefusedException, IOException, InterruptedException {
        if (!bookComplete.getAsBoolean()) {
            throw Refusal.of(Kind.UNAVAILABLE, "This replica is starting; try again.")
                    .retryAfter(Duration.ofSeconds(1))
                    .exception();
        }
        UploadTarget target = book.find(request.path().substring(PATH.length()))
                .orElseThrow(() -> Refusal.of(
                                Kind.UNKNOWN,
                                "No image waits for a file here. The address stands in the image's status: kubectl get vi NAME"
                                        + " -o jsonpath='{.status.imageUploadURLs}'")
                        .exception());
        Refusal over = book.verdict(target.image()).orElse(null);
        if (over != null) {
            throw over.kind() == Kind.FAILED ? over.as(Kind.OVER).exception() : over.exception();
        }
        return switch (request.method()) {
            case "GET", "HEAD" -> state(target);
            case "OPTIONS" ->
                WebAnswer.empty(NO_CONTENT)
                        .with("Allow", METHODS)
                        .with("Accept-Patch", "application/partial-upload")
                        .with("Upload-Limit", limits.header());
            case "PUT", "POST", "PATCH" ->
                receive(target, UploadProtocol.read(request, target.image().name()), request);
            default ->
                throw Refusal.of(Kind.METHOD, "A file is sent with PUT or POST: curl -T FILE ADDRESS")
                        .with("Allow", METHODS)
                        .exception();
        };
    }

    private WebAnswer state(UploadTarget target) throws RefusedException, InterruptedException {
        if (!looks.tryAcquire()) {
            throw Refusal.of(Kind.UNAVAILABLE, "Too many ask at once how far uploads are; try again in a moment.")
                    .retryAfter(Duration.ofSeconds(1))
                    .exception();
        }
        try {
            return stateNow(target);
        } finally {
            looks.release();
        }
    }

    private WebAnswer stateNow(UploadTarget target) throws RefusedException, InterruptedException {
        try (FollowedUpload followed = FollowedUpload.open(target, ports)) {
            SourceFacts facts = followed.facts();
            if (facts.expired()) {
                throw Refusal.of(Kind.OVER, "Nobody uploaded in time, and this address is not valid any more.")
                        .exception();
            }
            StagedSource staged = facts.staged();
            UploadLease lease = staged.upload();
            long offset = UploadRules.offset(facts);
            Map<String, Object> state = new LinkedHashMap<>();
            state.put("image", target.image().subject());
            state.put("receivedBytes", offset);
            Long total = staged.lengthBytes();
            if (total != null) {
                state.put("totalBytes", total);
            }
            state.put("complete", staged.complete());
            state.put("uploading", lease != null && lease.live(ports.clock().instant()));
            if (!staged.complete()) {
                state.put("next", offset == 0 ? "curl -T FILE ADDRESS" : "curl -C " + offset + " -T FILE ADDRESS");
            }
            WebAnswer answer = described(WebAnswer.json(OK, state), facts)
                    .with("Cache-Control", "no-store")
                    .with("Upload-Limit", limits.header());
            return total == null ? answer : answer.with("Upload-Length", Long.toString(total));
        }
    }

    private static WebAnswer described(WebAnswer answer, SourceFacts facts) {
        return answer.with("Upload-Offset", Long.toString(UploadRules.offset(facts)))
                .with("Upload-Complete", facts.staged().complete() ? "?1" : "?0");
    }

    private WebAnswer receive(UploadTarget target, Sending sending, WebRequest request)
            throws RefusedException, IOException, InterruptedException {
        if (closing || !room.tryAcquire()) {
            throw Refusal.of(Kind.UNAVAILABLE, "Too many files are being uploaded here; try again in a moment.")
                    .retryAfter(Duration.ofSeconds(10))
                    .exception();
        }
        receiving.add(Thread.currentThread());
        try (FollowedUpload followed = FollowedUpload.open(target, ports)) {
            ClientBody body = new ClientBody(request::body, limits.patience(), System::nanoTime);
            try (UploadSession session = begin(target, sending, body, followed)) {
                return transfer(sending, request, body, session);
            }
        } catch (IOException | InterruptedException e) {
            if (closing) {
                throw stopping().exception();
            }
            throw e;
        } finally {
            receiving.remove(Thread.currentThread());
            room.release();
            // What interrupted the transfer must not keep its end from being told.
            boolean ignored = Thread.interrupted();
        }
    }

    /** Waits for its turn, and takes it: for nothing, nobody does. */
    private UploadSession begin(UploadTarget target, Sending sending, ClientBody body, FollowedUpload followed)
            throws RefusedException, IOException, InterruptedException {
        Instant asked = ports.clock().instant();
        boolean mayBeEmpty = sending.bodyBytes() == null && sending.offset() == 0;
        while (true) {
            Refusal over = book.verdict(target.image()).orElse(null);
            if (over != null) {
                throw over.exception();
            }
            Decision decision = UploadRules.decide(
                    sending, followed.facts(), limits, asked, ports.clock().instant());
            switch (decision) {
                case Decision.Refuse(Refusal refusal) -> throw refusal.exception();
                case Decision.Wait ignored -> followed.look(LOOK);
                case Decision.Begin begin -> {
                    if (mayBeEmpty) {
                        requireBytes(body);
                        mayBeEmpty = false;
                        followed.look(Duration.ZERO); // it may have taken a while
                        continue;
                    }
                    UploadOpened opened =
                            opened(target, sending, begin, followed.facts().staged());
                    followed.listenFor(opened.session());
                    announce(opened);
                    followed.awaitEcho();
                    if (followed.owned(opened.session())) {
                        LOG.atInfo()
                                .addKeyValue("image", target.image().subject())
                                .addKeyValue("uid", target.image().uid())
                                .addKeyValue("generation", target.image().generation())
                                .addKeyValue("session", opened.session())
                                .addKeyValue("epoch", opened.epoch())
                                .addKeyValue("segment", opened.fromIndex())
                                .log("an upload begins");
                        return new UploadSession(ports, book, followed, opened).start();
                    }
                }
            }
        }
    }

    private static void requireBytes(ClientBody body) throws RefusedException, IOException {
        if (!body.begins()) {
            throw Refusal.of(Kind.EMPTY, "The file is empty: there is nothing to make an image of.")
                    .exception();
        }
    }

    private UploadOpened opened(UploadTarget target, Sending sending, Decision.Begin begin, StagedSource staged) {
        boolean goesOn = begin.fromIndex() > 0;
        return new UploadOpened(
                target.image(),
                begin.epoch(),
                HexFormat.of().toHexDigits(random.nextLong()),
                begin.fromIndex(),
                goesOn ? staged.segmentBytes() : limits.segmentBytes(),
                // Who goes on with a file need not say again how long it is.
                goesOn && sending.totalBytes() == null ? staged.lengthBytes() : sending.totalBytes(),
                sending.fileName(),
                ports.worker());
    }

    private void announce(UploadOpened opened) throws RefusedException, InterruptedException {
        try {
            ports.announcer().announce(opened);
        } catch (AnnouncementException e) {
            LOG.atWarn()
                    .addKeyValue("image", opened.image().subject())
                    .addKeyValue("uid", opened.image().uid())
                    .setCause(e)
                    .log("an upload could not be announced");
            throw unavailable().exception();
        }
    }

    private WebAnswer transfer(Sending sending, WebRequest request, ClientBody body, UploadSession session)
            throws RefusedException, IOException, InterruptedException {
        UploadTransfer transfer =
                new UploadTransfer(sending, limits, session, new SegmentStager(ports, session), meters::received);
        try {
            SourceFacts facts = transfer.run(body, spools);
            meters.ended(facts.staged().complete() ? "complete" : "part");
            if (facts.staged().complete()) {
                return complete(session, facts);
            }
            session.interrupted("a part of the file was sent");
            // The first part makes an upload resource, which is where it was sent to.
            WebAnswer part = sending.resumes()
                    ? WebAnswer.empty(NO_CONTENT)
                    : WebAnswer.empty(CREATED).with("Location", request.path());
            return described(part, facts).with("Upload-Limit", limits.header());
        } catch (RefusedException e) {
            throw gaveUp(session, e.refusal()).exception();
        } catch (AnnouncementException e) {
            LOG.atWarn()
                    .addKeyValue("image", session.image().subject())
                    .addKeyValue("uid", session.image().uid())
                    .setCause(e)
                    .log("an upload's length could not be announced");
            throw gaveUp(session, unavailable()).exception();
        } catch (IOException | InterruptedException e) {
            Refusal why = giveUp(session, null);
            if (why != null) {
                throw why.exception();
            }
            throw e;
        }
    }

    private Refusal gaveUp(UploadSession session, Refusal found) throws InterruptedException {
        return Objects.requireNonNullElse(giveUp(session, found), found);
    }

    /**
     * Says that the upload broke off.
     *
     * @param found what came in its way; null if the connection broke, or this thread was interrupted
     * @return why it did: whoever ended it interrupts, and what comes of that is not to be told in its place
     */
    private @Nullable Refusal giveUp(UploadSession session, @Nullable Refusal found) throws InterruptedException {
        boolean ignored = Thread.interrupted(); // else nothing could be said any more
        Refusal ended = session.ended();
        boolean stopped = ended == null && closing && (found == null || found.kind() == Kind.UNAVAILABLE);
        String message;
        if (stopped) {
            message = "the replica that received it was stopped";
        } else {
            message = found == null ? "the connection broke" : found.detail();
        }
        meters.ended("interrupted");
        LOG.atInfo()
                .addKeyValue("image", session.image().subject())
                .addKeyValue("uid", session.image().uid())
                .addKeyValue("generation", session.image().generation())
                .addKeyValue("session", session.opened().session())
                .addKeyValue("reason", message)
                .log("an upload broke off");
        session.interrupted(message);
        if (ended != null) {
            return ended;
        }
        return stopped ? stopping() : found;
    }

    private WebAnswer complete(UploadSession session, SourceFacts facts) {
        Map<String, Object> done = new LinkedHashMap<>();
        done.put("image", session.image().subject());
        done.put("receivedBytes", facts.staged().presentBytes());
        done.put(
                "next",
                "kubectl get vi %s -n %s -w"
                        .formatted(session.image().name(), session.image().namespace()));
        return described(WebAnswer.json(CREATED, done), facts);
    }

    private static Refusal unavailable() {
        return Refusal.of(Kind.UNAVAILABLE, "The upload can't be announced at the moment. Try again.")
                .retryAfter(Duration.ofSeconds(5));
    }

    private static Refusal stopping() {
        return Refusal.of(Kind.UNAVAILABLE, "This replica is being stopped; go on with the upload.")
                .retryAfter(Duration.ofSeconds(1));
    }

    /** Ends what is being received, in order: what is staged stays, and another replica goes on. */
    @Override
    public void close() {
        closing = true;
        receiving.forEach(Thread::interrupt);
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MS);
        try {
            while (!receiving.isEmpty() && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(50);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
