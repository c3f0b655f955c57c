package io.virtualimage.fetcher;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceProbe;
import io.virtualimage.fetcher.source.SourceStream;
import io.virtualimage.fetcher.source.SourceVersion;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Validator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A source in memory that breaks on demand. */
public final class FakeSource implements Source {
    private byte[] bytes;
    private int edition = 1;
    private boolean ranges = true;
    private @Nullable Long told;
    private @Nullable SourceException nextFailure;
    private final Deque<Integer> breaks = new ArrayDeque<>();
    private final List<String> opened = new ArrayList<>();
    private final Map<Integer, Runnable> onOpening = new HashMap<>();

    public FakeSource(String bytes) {
        this(bytes.getBytes(StandardCharsets.UTF_8));
    }

    public FakeSource(byte[] bytes) {
        this.bytes = bytes;
        this.told = (long) bytes.length;
    }

    public Validator validator() {
        return new Validator(Validator.Kind.ETAG, "\"v" + edition + "\"");
    }

    /** What was opened: {@code offset+length}, or {@code all}. */
    public List<String> opened() {
        return opened;
    }

    /** The next connections break after so many bytes, one after another. */
    public void breakAfter(Integer... counts) {
        breaks.addAll(List.of(counts));
    }

    public void change(String newBytes) {
        bytes = newBytes.getBytes(StandardCharsets.UTF_8);
        edition++;
    }

    public void failNext(SourceException failure) {
        nextFailure = failure;
    }

    public void whenOpened(int time, Runnable action) {
        onOpening.put(time, action);
    }

    public void tellLength(@Nullable Long length) {
        told = length;
    }

    public void withoutRanges() {
        ranges = false;
    }

    @Override
    public SourceProbe probe(ResolvedSource source) throws SourceException {
        fail();
        return new SourceProbe(told, validator(), ranges && told != null, "a.img");
    }

    @Override
    public InputStream openRange(ResolvedSource source, SourceVersion version, long offset, long lengthBytes)
            throws SourceException {
        open(offset + "+" + lengthBytes);
        if (!version.validator().equals(validator())) {
            throw new SourceException.Changed("it is " + validator() + " now");
        }
        return body(Arrays.copyOfRange(bytes, (int) offset, (int) Math.min(bytes.length, offset + lengthBytes)));
    }

    @Override
    public SourceStream openStream(ResolvedSource source) throws SourceException {
        open("all");
        return new SourceStream(body(bytes), told);
    }

    private void open(String what) throws SourceException {
        opened.add(what);
        Runnable action = onOpening.get(opened.size());
        if (action != null) {
            action.run();
        }
        fail();
    }

    private void fail() throws SourceException {
        SourceException failure = nextFailure;
        nextFailure = null;
        if (failure != null) {
            throw failure;
        }
    }

    private InputStream body(byte[] content) {
        Integer breakAfter = breaks.poll();
        InputStream in = new ByteArrayInputStream(content);
        return breakAfter == null ? in : new Breaking(in, breakAfter);
    }

    private static final class Breaking extends InputStream {
        private final InputStream in;
        private int left;

        Breaking(InputStream in, int left) {
            this.in = in;
            this.left = left;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left == 0) {
                throw new SourceException.Unavailable(FailureReason.SOURCE_TRUNCATED, "cut off", Duration.ZERO, null);
            }
            int count = in.read(buffer, offset, Math.min(left, length));
            left -= Math.max(0, count);
            return count;
        }
    }
}
