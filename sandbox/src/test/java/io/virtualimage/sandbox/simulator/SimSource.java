package io.virtualimage.sandbox.simulator;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceProbe;
import io.virtualimage.fetcher.source.SourceStream;
import io.virtualimage.fetcher.source.SourceVersion;
import io.virtualimage.topics.FailureReason;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;

/** The web as one process sees it. */
final class SimSource implements Source {
    private final SimProcess process;
    private final Map<String, SourceFile> web;
    private final Dice dice;
    private final Counts counts;

    SimSource(SimProcess process, Map<String, SourceFile> web, Dice dice, Counts counts) {
        this.process = process;
        this.web = web;
        this.dice = dice;
        this.counts = counts;
    }

    @Override
    public SourceProbe probe(ResolvedSource source) throws SourceException {
        SourceFile file = open("probes", source);
        return new SourceProbe(
                file.tellsLength() ? (long) file.current().bytes().length : null,
                file.current().validator(),
                file.ranged(),
                "disk.img");
    }

    @Override
    public InputStream openRange(ResolvedSource source, SourceVersion wanted, long offset, long lengthBytes)
            throws SourceException {
        SourceFile file = open("opens " + lengthBytes + " from " + offset + " of", source);
        SourceFile.Version version = file.current();
        if (!wanted.validator().equals(version.validator()) || wanted.lengthBytes() != version.bytes().length) {
            throw new SourceException.Changed(source.publicName() + " is another file now");
        }
        return new Body(file, version, (int) offset, (int) (offset + lengthBytes));
    }

    @Override
    public SourceStream openStream(ResolvedSource source) throws SourceException {
        SourceFile file = open("streams", source);
        SourceFile.Version version = file.current();
        int length = version.bytes().length;
        return new SourceStream(new Body(file, version, 0, length), file.tellsLength() ? (long) length : null);
    }

    private SourceFile open(String what, ResolvedSource source) throws SourceException {
        String url = ((ResolvedSource.Http) source).url();
        process.effect(what, url);
        SourceFile file = web.get(url);
        if (file == null || file.refused()) {
            throw new SourceException.Refused(source.publicName() + " answered 404 Not Found", null);
        }
        if (file.unavailable(process.scheduler().millis())) {
            throw unavailable(FailureReason.SOURCE_UNAVAILABLE, source.publicName() + " answered 503");
        }
        return file;
    }

    private static SourceException unavailable(FailureReason reason, String words) {
        return new SourceException.Unavailable(reason, words, Duration.ZERO, null);
    }

    /** An answer's body: of the version that was there when it began, in pieces, until it breaks. */
    private final class Body extends InputStream {
        private final SourceFile file;
        private final SourceFile.Version version;
        private final int end;
        private int position;

        private Body(SourceFile file, SourceFile.Version version, int start, int end) {
            this.file = file;
            this.version = version;
            this.position = start;
            this.end = end;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (position >= end || length == 0) {
                return position >= end ? -1 : 0;
            }
            process.effect("reads from " + position + " of", file.url());
            boolean away = file.unavailable(process.scheduler().millis());
            if (away || (file.cutChance() > 0 && dice.chance(file.cutChance()))) {
                throw unavailable(FailureReason.SOURCE_TRUNCATED, file.url() + " broke after " + position);
            }
            int most = Math.min(length, end - position);
            int count = most <= 64 || dice.chance(0.6) ? most : dice.between(1, most);
            System.arraycopy(version.bytes(), position, buffer, offset, count);
            position += count;
            version.serve(count);
            counts.sourceBytes += count;
            return count;
        }
    }
}
