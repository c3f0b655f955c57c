package io.virtualimage.volume.link;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the service behind the Pod's URL, again and again while it is away. Every request may arrive twice, so all of
 * them must be idempotent. Safe for use by many threads.
 *
 * <p>2xx is an answer; 410 means that the work is not wanted any more, and so does 404 that goes on; 408, 429 and 5xx
 * are asked again, as is a service that can't be reached; anything else is a refusal, whose first line people read.
 */
public final class ServiceLink implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(10);

    /** A large segment has to go through in it. */
    private static final Duration ANSWER = Duration.ofMinutes(5);

    private static final int MOST_WORDS = 500;

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
    private final ScheduledExecutorService deadlines = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("deadlines").factory());
    private final URI base;
    private final Patience patience;

    /** When somebody last answered sensibly, as {@link System#nanoTime}. */
    private final AtomicLong answered = new AtomicLong(System.nanoTime());

    /** Whether a sign of life was answered by that. */
    private final AtomicBoolean gone = new AtomicBoolean();

    /**
     * A link; nothing is asked yet.
     *
     * @param url of this Pod's work, token included
     * @throws VolumeException if that is no http or https URL
     */
    public ServiceLink(String url, Patience patience) throws VolumeException {
        try {
            this.base = URI.create(url.endsWith("/") ? url : url + "/");
        } catch (IllegalArgumentException e) {
            throw VolumeException.ofVolume("the service's URL is malformed", null); // the cause would quote it
        }
        if (base.getHost() == null || !("http".equals(base.getScheme()) || "https".equals(base.getScheme()))) {
            throw VolumeException.ofVolume("the service's URL is no http or https URL", null);
        }
        this.patience = patience;
    }

    /**
     * Asks until there is an answer.
     *
     * @param path below the Pod's URL
     * @return the body
     * @throws VolumeException if the service refuses, or was away for too long
     */
    public String get(String path) throws VolumeException, GoneException, InterruptedException {
        return send("GET", path, BodyPublishers::noBody);
    }

    /** As {@link #get}, by POST and without a body. */
    public String post(String path) throws VolumeException, GoneException, InterruptedException {
        return send("POST", path, BodyPublishers::noBody);
    }

    /**
     * As {@link #get}, by PUT.
     *
     * @param body asked for a fresh one each time; what it throws while it is read looks like a service that is away, so
     *     {@code broken} is asked first
     * @param broken the failure of the body, which ends it all; null as long as there is none
     */
    public String put(String path, Supplier<BodyPublisher> body, Supplier<? extends VolumeException> broken)
            throws VolumeException, GoneException, InterruptedException {
        return send("PUT", path, body, broken);
    }

    /** Takes a body while it comes. */
    public interface Taker {
        /** @throws IOException as the body gives it, or if it isn't as it should be: it is asked for again */
        void take(InputStream body) throws IOException, VolumeException, InterruptedException;
    }

    /**
     * As {@link #get}, but hands the body over while it comes.
     *
     * @param path asked for each time: what was taken of a body that broke off need not come again
     */
    public void stream(Supplier<String> path, Taker taker) throws VolumeException, GoneException, InterruptedException {
        Taker counted = body -> {
            taker.take(body);
            answered.set(System.nanoTime());
        };
        send("GET", path, BodyPublishers::noBody, () -> null, counted);
    }

    /** Tries once, and leaves it at that if nobody answers. Returns whether somebody did. */
    public boolean tryPost(String path) throws GoneException, InterruptedException {
        try {
            HttpResponse<InputStream> answer = exchange("POST", path, BodyPublishers.noBody());
            close(answer.body());
            if (answer.statusCode() == 410) {
                gone.set(true);
                throw new GoneException();
            }
            return answer.statusCode() / 100 == 2;
        } catch (IOException e) {
            return false;
        }
    }

    private String send(String method, String path, Supplier<BodyPublisher> body)
            throws VolumeException, GoneException, InterruptedException {
        return send(method, path, body, () -> null);
    }

    private String send(
            String method, String path, Supplier<BodyPublisher> body, Supplier<? extends VolumeException> broken)
            throws VolumeException, GoneException, InterruptedException {
        String[] text = new String[1];
        send(method, () -> path, body, broken, in -> text[0] = text(in, Integer.MAX_VALUE));
        return text[0];
    }

    private void send(
            String method,
            Supplier<String> path,
            Supplier<BodyPublisher> body,
            Supplier<? extends @Nullable VolumeException> broken,
            Taker taker)
            throws VolumeException, GoneException, InterruptedException {
        long begun = System.nanoTime();
        for (int failures = 1; ; failures++) {
            String trouble;
            IOException cause = null;
            HttpResponse<InputStream> answer = null;
            ScheduledFuture<?> deadline = null;
            try {
                answer = exchange(method, path.get(), body.get());
                deadline = closeLater(answer.body());
                int status = answer.statusCode();
                if (status / 100 == 2) {
                    taker.take(answer.body());
                    return;
                }
                if (status == 410 || (status == 404 && since(begun).compareTo(patience.unknown()) > 0)) {
                    throw new GoneException();
                }
                if (!passing(status)) {
                    throw VolumeException.ofVolume(words(answer), null);
                }
                trouble = "answers " + words(answer);
            } catch (IOException e) {
                trouble = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
                cause = e;
            } finally {
                end(answer, deadline);
            }
            VolumeException failure = broken.get();
            if (failure != null) {
                throw failure;
            }
            if (gone.get()) {
                throw new GoneException(); // it was said to somebody else: an answer may be lost with the body it cuts
            }
            if (cause != null && since(answered.get()).compareTo(patience.away()) > 0) {
                throw VolumeException.serviceAway(
                        "%s could not be reached for %d s: %s"
                                .formatted(base.getAuthority(), patience.away().toSeconds(), trouble),
                        cause);
            }
            TimeUnit.NANOSECONDS.sleep(patience.pause(failures).toNanos());
        }
    }

    private HttpResponse<InputStream> exchange(String method, String path, BodyPublisher body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(base.resolve(path))
                .method(method, body)
                .timeout(ANSWER)
                .build();
        HttpResponse<InputStream> answer = client.send(request, BodyHandlers.ofInputStream());
        answered.set(System.nanoTime());
        return answer;
    }

    /** The request's own deadline is over when the body begins. */
    private ScheduledFuture<?> closeLater(InputStream body) {
        return deadlines.schedule(() -> close(body), ANSWER.toSeconds(), TimeUnit.SECONDS);
    }

    private static void end(@Nullable HttpResponse<InputStream> answer, @Nullable ScheduledFuture<?> deadline) {
        if (deadline != null) {
            deadline.cancel(false);
        }
        if (answer != null) {
            close(answer.body()); // what wasn't read is not wanted
        }
    }

    private static void close(InputStream body) {
        try {
            body.close();
        } catch (IOException ignored) {
            // It is of no use any more.
        }
    }

    private static String text(InputStream body, int mostBytes) throws IOException {
        return new String(body.readNBytes(mostBytes), StandardCharsets.UTF_8);
    }

    private static boolean passing(int status) {
        return status == 404 || status == 408 || status == 429 || status >= 500;
    }

    /** The service's own words, else the status. */
    private static String words(HttpResponse<InputStream> answer) throws IOException {
        String line = text(answer.body(), 4 * MOST_WORDS)
                .lines()
                .findFirst()
                .orElse("")
                .strip();
        return line.isEmpty()
                ? "the service answers with the status " + answer.statusCode()
                : line.substring(0, Math.min(line.length(), MOST_WORDS));
    }

    private static Duration since(long nanoTime) {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }

    @Override
    public void close() {
        deadlines.shutdownNow();
        client.shutdownNow();
    }
}
