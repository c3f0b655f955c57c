package io.virtualimage.fetcher.source;

import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Validator;
import java.io.InputStream;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * Files on HTTP servers (RFC 9110), also on those that know only half of it: nothing but GET is asked, and ranges only
 * where the probe got one. A piece is taken only if the answer says that it is that piece of that version.
 *
 * <p>What a server packs for the wire though it was asked not to is taken as it came, as {@code curl -O} does, where
 * it can be unpacked like a file of that kind, and refused where it would pass for a raw disk. Pieces of it are not taken.
 *
 * <p>A redirect from https to http is refused: from there on, neither the bytes nor the validator that pieces are put
 * together by would be the server's word.
 */
public final class HttpSource implements Source, AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(30);

    /** A source that asks for more patience is asked again anyway. */
    private static final Duration LONGEST_DELAY = Duration.ofMinutes(5);

    /** Content codings (RFC 9110, section 8.4.1) whose bytes are those of a file that the pipeline unpacks anyway. */
    private static final Set<String> UNPACKED_AS_FILES = Set.of("gzip", "x-gzip", "zstd");

    private final HttpExchange exchange;
    private final Clock clock;

    /**
     * A source for all sources.
     *
     * @param dns looks up the hosts of sources, and is asked about addresses in URLs too, so that it can refuse any; not
     *     asked where a proxy does the looking up
     */
    public HttpSource(Dns dns, EnvironmentProxies proxies, Clock clock) {
        this(dns, proxies, clock, CONNECT_TIMEOUT, READ_TIMEOUT);
    }

    HttpSource(Dns dns, EnvironmentProxies proxies, Clock clock, Duration connectTimeout, Duration readTimeout) {
        this.exchange = new HttpExchange(dns, proxies, clock, connectTimeout, readTimeout);
        this.clock = clock;
    }

    private static ResolvedSource.Http http(ResolvedSource source) {
        return switch (source) {
            case ResolvedSource.Http http -> http;
            case ResolvedSource.ContainerImage image ->
                throw new IllegalArgumentException(image + " is on no HTTP server");
        };
    }

    @Override
    public SourceProbe probe(ResolvedSource resolved) throws SourceException, InterruptedException {
        ResolvedSource.Http source = http(resolved);
        try (HttpAnswer answer = exchange.get(source, Map.of("Range", "bytes=0-0"))) {
            switch (answer.code()) {
                case 200 -> {
                    return whole(source, answer);
                }
                case 206 -> {
                    return piece(source, answer);
                }
                case 416 -> {
                    if (ContentRange.parseUnsatisfied(answer.field("Content-Range"))
                            .filter(total -> total == 0)
                            .isPresent()) {
                        return probed(source, answer, 0L, false);
                    }
                }
                default -> throw refusal(answer);
            }
        }
        // It took offence at the range itself.
        try (HttpAnswer answer = exchange.get(source, Map.of())) {
            if (answer.code() != 200) {
                throw refusal(answer);
            }
            return whole(source, answer);
        }
    }

    private static SourceProbe whole(ResolvedSource.Http source, HttpAnswer answer) throws SourceException {
        checkEncoding(answer);
        return probed(source, answer, answer.lengthBytes(), false);
    }

    private static SourceProbe piece(ResolvedSource.Http source, HttpAnswer answer) {
        Optional<ContentRange> range = ContentRange.parse(answer.field("Content-Range"));
        Long total = range.map(ContentRange::totalBytes).orElse(null);
        boolean exact = range.filter(r -> r.first() == 0 && r.last() == 0).isPresent()
                && answer.encodings().isEmpty();
        return probed(source, answer, total, exact);
    }

    private static SourceProbe probed(
            ResolvedSource.Http source, HttpAnswer answer, @Nullable Long lengthBytes, boolean ranges) {
        Validator validator = answer.validator().orElse(null);
        HttpUrl asked = HttpUrl.parse(source.url());
        String fileName =
                FileName.of(answer.field("Content-Disposition"), (asked == null ? answer.url() : asked).pathSegments());
        return new SourceProbe(
                lengthBytes,
                validator,
                ranges && lengthBytes != null && validator != null && validator.strong(),
                fileName);
    }

    @Override
    public InputStream openRange(ResolvedSource source, SourceVersion version, long offset, long lengthBytes)
            throws SourceException, InterruptedException {
        long last = offset + lengthBytes - 1;
        HttpAnswer answer = exchange.get(
                http(source),
                Map.of(
                        "Range",
                        "bytes=" + offset + "-" + last,
                        "If-Range",
                        version.validator().value()));
        boolean taken = false;
        try {
            checkPiece(answer, version, offset, last);
            taken = true;
            return answer.body();
        } finally {
            if (!taken) {
                answer.close();
            }
        }
    }

    private void checkPiece(HttpAnswer answer, SourceVersion version, long offset, long last) throws SourceException {
        switch (answer.code()) {
            case 206 -> checkPieceFields(answer, version, offset, last);
            case 200, 412 ->
                throw new SourceException.Changed(answer.name() + " is another version now, or gives no more ranges");
            case 416 ->
                throw new SourceException.Changed(
                        "%s has no bytes %d-%d any more".formatted(answer.name(), offset, last));
            default -> throw refusal(answer);
        }
    }

    private static void checkPieceFields(HttpAnswer answer, SourceVersion version, long offset, long last)
            throws SourceException {
        String wanted = version.validator().value();
        String tag = answer.field("ETag");
        if (!wanted.equals(tag)) {
            throw new SourceException.Changed("%s is another version now: %s instead of %s"
                    .formatted(
                            answer.name(),
                            tag == null ? "without ETag" : ConnectionWords.plain(tag),
                            ConnectionWords.plain(wanted)));
        }
        String field = answer.field("Content-Range");
        ContentRange range = ContentRange.parse(field)
                .filter(given -> given.first() == offset && given.last() <= last)
                .orElseThrow(() -> new SourceException.Changed("%s was asked for the bytes %d-%d and gave '%s'"
                        .formatted(answer.name(), offset, last, ConnectionWords.plain(field))));
        Long total = range.totalBytes();
        if (total != null && total != version.lengthBytes()) {
            throw new SourceException.Changed("%s holds %d bytes now instead of %d, under the same ETag"
                    .formatted(answer.name(), total, version.lengthBytes()));
        }
        if (!answer.encodings().isEmpty()) {
            throw new SourceException.Changed(
                    "%s packs its pieces (%s)".formatted(answer.name(), String.join(", ", answer.encodings())));
        }
    }

    /** Refuses what nobody would unpack: the bytes would be taken for those of a raw disk. */
    private static void checkEncoding(HttpAnswer answer) throws SourceException {
        List<String> encodings = answer.encodings();
        if (!encodings.isEmpty() && (encodings.size() > 1 || !UNPACKED_AS_FILES.contains(encodings.getFirst()))) {
            throw new SourceException.Refused(
                    "%s packs the file for the wire (Content-Encoding: %s) without being asked to"
                            .formatted(answer.name(), String.join(", ", encodings)),
                    null);
        }
    }

    @Override
    public SourceStream openStream(ResolvedSource source) throws SourceException, InterruptedException {
        HttpAnswer answer = exchange.get(http(source), Map.of());
        boolean taken = false;
        try {
            if (answer.code() != 200) {
                throw refusal(answer);
            }
            checkEncoding(answer);
            taken = true;
            return new SourceStream(answer.body(), answer.lengthBytes());
        } finally {
            if (!taken) {
                answer.close();
            }
        }
    }

    private SourceException refusal(HttpAnswer answer) {
        String words = answer.name() + " answered " + answer.status();
        boolean passing = answer.code() >= 500 || answer.code() == 408 || answer.code() == 416 || answer.code() == 429;
        if (passing) {
            return new SourceException.Unavailable(
                    FailureReason.SOURCE_UNAVAILABLE, words, delay(answer.field("Retry-After")), null);
        }
        return new SourceException.Refused(answer.code() < 400 ? words + ", which is no file" : words, null);
    }

    /** RFC 9110, section 10.2.3: seconds, or a date. */
    private Duration delay(@Nullable String retryAfter) {
        if (retryAfter == null) {
            return Duration.ZERO;
        }
        Duration asked;
        if (retryAfter.strip().matches("[0-9]{1,9}")) {
            asked = Duration.ofSeconds(Long.parseLong(retryAfter.strip()));
        } else {
            try {
                asked = Duration.between(
                        clock.instant(), ZonedDateTime.parse(retryAfter.strip(), DateTimeFormatter.RFC_1123_DATE_TIME));
            } catch (DateTimeException e) {
                return Duration.ZERO; // as good as none
            }
        }
        return asked.isNegative() ? Duration.ZERO : asked.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : asked;
    }

    @Override
    public void close() {
        exchange.close();
    }
}
