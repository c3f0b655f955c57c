package io.virtualimage.disk.cli;

import io.virtualimage.disk.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A source whose failures tell which image they are of, since another file may be written at the same time. */
final class NamedSource implements ByteSource {
    private final String name;
    private final ByteSource source;

    NamedSource(String name, ByteSource source) {
        this.name = name;
        this.source = source;
    }

    /** An image could not be read. The cause is what its file gave. */
    static final class ReadFailure extends IOException {
        private final String name;

        private ReadFailure(String name, IOException cause) {
            super(cause.getMessage(), cause);
            this.name = name;
        }

        /** Of the image, as it was given. */
        String name() {
            return name;
        }
    }

    @Override
    public long lengthBytes() {
        return source.lengthBytes();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        try {
            source.read(offset, target);
        } catch (IOException e) {
            throw new ReadFailure(name, e);
        }
    }

    @Override
    public long knownZeroBytes(long offset, long maxBytes) throws IOException {
        return source.knownZeroBytes(offset, maxBytes);
    }

    @Override
    public long bytesBeforeKnownZeros(long offset, long maxBytes) throws IOException {
        return source.bytesBeforeKnownZeros(offset, maxBytes);
    }
}
