package io.virtualimage.fetcher.source;

import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** An answer whose body may not be read yet. Closing it gives back the connection and the host's slot. */
final class HttpAnswer implements AutoCloseable {
    /** RFC 9110, section 8.8.3; what isn't quoted is no entity tag, and useless in {@code If-Range}. */
    private static final Pattern ENTITY_TAG = Pattern.compile("(W/)?\"[^\"\\p{Cntrl}]{0,1000}\"");

    /** So little is read to the end, to keep the connection; more is cut off. */
    private static final long LITTLE_BYTES = 64 * 1024;

    private final String name;
    private final HttpUrl url;
    private final Call call;
    private final Response response;
    private final HostSlots.Slot slot;
    private final Duration patience;
    private final InputStream in;
    private final @Nullable Long lengthBytes;
    private long done;

    /**
     * Takes over the response and the slot.
     *
     * @param name of the source, in what the user reads
     * @param url that answered
     * @param patience for how long the body may trickle
     */
    HttpAnswer(String name, HttpUrl url, Call call, Response response, HostSlots.Slot slot, Duration patience) {
        this.name = name;
        this.url = url;
        this.call = call;
        this.response = response;
        this.slot = slot;
        this.patience = patience;
        this.in = response.body().byteStream();
        long length = response.body().contentLength();
        this.lengthBytes = length < 0 ? null : length;
    }

    /** The source's name; redirected, with the place that answered. */
    String name() {
        return name;
    }

    HttpUrl url() {
        return url;
    }

    int code() {
        return response.code();
    }

    /** Code and the server's words for it. */
    String status() {
        return (response.code() + " " + ConnectionWords.plain(response.message())).strip();
    }

    @Nullable
    String field(String field) {
        return response.header(field);
    }

    /** Length of the body; null if it isn't told beforehand. */
    @Nullable
    Long lengthBytes() {
        return lengthBytes;
    }

    /** How the body is packed for the wire, in lower case; empty if it isn't. */
    List<String> encodings() {
        return response.headers("Content-Encoding").stream()
                .flatMap(Pattern.compile(",")::splitAsStream)
                .map(coding -> ConnectionWords.plain(coding).toLowerCase(Locale.ROOT))
                .filter(coding -> !coding.isEmpty() && !coding.equals("identity"))
                .toList();
    }

    Optional<Validator> validator() {
        String tag = field("ETag");
        if (tag != null && ENTITY_TAG.matcher(tag).matches()) {
            return Optional.of(new Validator(Validator.Kind.ETAG, tag));
        }
        String date = field("Last-Modified");
        return date == null || date.isBlank() || date.length() > 100
                ? Optional.empty()
                : Optional.of(new Validator(Validator.Kind.LAST_MODIFIED, date));
    }

    /** The body; whoever closes it closes the answer. */
    InputStream body() {
        return new Body();
    }

    @Override
    public void close() {
        if (lengthBytes == null || lengthBytes - done > LITTLE_BYTES) {
            call.cancel(); // else the rest would be read, for a while
        }
        response.close();
        slot.close();
    }

    private final class Body extends InputStream {
        private final Pace pace = new Pace(patience);

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                long start = System.nanoTime();
                int count = in.read(buffer, offset, length);
                done += Math.max(0, count);
                if (count >= 0) {
                    pace.add(count, System.nanoTime() - start);
                }
                return count;
            } catch (InterruptedIOException e) {
                if (e instanceof SocketTimeoutException) {
                    throw broken(e);
                }
                throw e;
            } catch (IOException e) {
                throw broken(e);
            }
        }

        private SourceException broken(IOException e) {
            String of = lengthBytes == null ? "" : " of " + lengthBytes;
            return new SourceException.Unavailable(
                    ConnectionWords.isEnd(e) ? FailureReason.SOURCE_TRUNCATED : FailureReason.SOURCE_UNAVAILABLE,
                    "%s: %s after %d%s bytes".formatted(name, ConnectionWords.of(e), done, of),
                    Duration.ZERO,
                    e);
        }

        @Override
        public void close() {
            HttpAnswer.this.close();
        }
    }
}
