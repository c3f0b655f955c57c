package io.virtualimage.oci;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/** A chunk on its way, which remembers whether it was the body itself that failed, or the connection. */
final class ChunkRequestBody extends RequestBody {

    private static final MediaType TYPE = MediaType.get(MediaTypes.OCTET_STREAM);

    private final ChunkBody body;
    private final long lengthBytes;
    private volatile @Nullable Throwable failure;

    ChunkRequestBody(ChunkBody body, long lengthBytes) {
        this.body = body;
        this.lengthBytes = lengthBytes;
    }

    /** Throws what the body threw, if it did. */
    void rethrow() throws IOException {
        switch (failure) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable e -> throw new IllegalStateException(e);
        }
    }

    @Override
    public MediaType contentType() {
        return TYPE;
    }

    @Override
    public long contentLength() {
        return lengthBytes;
    }

    @Override
    public boolean isOneShot() {
        return true;
    }

    @Override
    @SuppressWarnings("CatchingUnchecked") // Whatever it is, OkHttp must see an IOException to let the connection go.
    public void writeTo(BufferedSink sink) throws IOException {
        Counted out = new Counted(sink.outputStream());
        try {
            body.writeTo(out);
            if (out.left > 0) {
                throw new IllegalStateException("a chunk of " + lengthBytes + " bytes ended " + out.left + " early");
            }
        } catch (Throwable e) {
            if (out.broken != null) {
                throw out.broken; // However the body puts it, the connection is what failed.
            }
            failure = e;
            throw e instanceof IOException io ? io : new IOException("the chunk's body failed", e);
        }
    }

    private final class Counted extends FilterOutputStream {

        private long left = lengthBytes;
        private @Nullable IOException broken;

        Counted(OutputStream sink) {
            super(sink);
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (length > left) {
                throw new IllegalStateException("a chunk of " + lengthBytes + " bytes was given more");
            }
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                broken = e;
                throw e;
            }
            left -= length;
        }

        @Override
        public void flush() throws IOException {
            try {
                out.flush();
            } catch (IOException e) {
                broken = e;
                throw e;
            }
        }

        @Override
        public void close() throws IOException {
            flush(); // The sink is OkHttp's to close.
        }
    }
}
