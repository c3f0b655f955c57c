package io.virtualimage.oci;

import io.virtualimage.oci.RegistryException.Reason;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import okhttp3.HttpUrl;
import okhttp3.Response;

/** Reads blobs (OCI distribution specification, "Pulling blobs"). */
final class Blobs {

    private final RegistryHttp http;

    Blobs(RegistryHttp http) {
        this.http = http;
    }

    OptionalLong head(Repository repository, Digest digest) throws RegistryException {
        RegistryCall call = new RegistryCall(
                "look for the blob " + digest + " in " + repository,
                Scope.pull(repository),
                "HEAD",
                url(repository, digest));
        try (Response response = http.send(call)) {
            if (response.code() == 404) {
                return OptionalLong.empty();
            }
            if (response.code() != 200) {
                throw ErrorAnswer.of(call, response);
            }
            return OptionalLong.of(contentLength(call, response));
        }
    }

    InputStream open(Repository repository, Digest digest, long offsetBytes, long lengthBytes)
            throws RegistryException {
        if (offsetBytes < 0 || lengthBytes < 1) {
            throw new IllegalArgumentException("not a range of a blob: " + lengthBytes + " bytes from " + offsetBytes);
        }
        RegistryCall call = new RegistryCall(
                        "read the blob " + digest + " of " + repository + " from " + offsetBytes,
                        Scope.pull(repository),
                        "GET",
                        url(repository, digest))
                .withHeaders(ranges(offsetBytes, lengthBytes));
        Response response = http.send(call);
        boolean handedOver = false;
        try {
            InputStream stream = stream(call, response, offsetBytes, lengthBytes);
            handedOver = true;
            return stream;
        } finally {
            if (!handedOver) {
                response.close();
            }
        }
    }

    // "identity" also keeps OkHttp from unpacking on the way, which would shift every offset.
    private static Map<String, String> ranges(long offset, long length) {
        boolean toTheEnd = length > Long.MAX_VALUE - offset;
        if (offset == 0 && toTheEnd) {
            return Map.of("Accept-Encoding", "identity");
        }
        String last = toTheEnd ? "" : Long.toString(offset + length - 1);
        return Map.of("Accept-Encoding", "identity", "Range", "bytes=" + offset + "-" + last);
    }

    private static InputStream stream(RegistryCall call, Response response, long offset, long length)
            throws RegistryException {
        String range = Objects.requireNonNullElse(response.header("Content-Range"), "");
        return switch (response.code()) {
            case 200 -> {
                if (offset > 0) {
                    throw call.failed(Reason.RANGES_UNSUPPORTED, "the registry ignored the range");
                }
                yield new Prefix(response.body().byteStream(), length);
            }
            case 206 -> {
                if (!range.startsWith("bytes " + offset + "-")) {
                    throw call.failed(Reason.PROTOCOL, "the registry sent the range '" + range + "' instead");
                }
                yield new Prefix(response.body().byteStream(), length);
            }
            case 416 -> {
                // At the blob's very end, an empty range is what was asked for.
                if (!range.equals("bytes */" + offset)) {
                    throw ErrorAnswer.of(call, response);
                }
                response.close();
                yield InputStream.nullInputStream();
            }
            default -> throw ErrorAnswer.of(call, response);
        };
    }

    private HttpUrl url(Repository repository, Digest digest) {
        return http.url(repository + "/blobs/" + digest);
    }

    static long contentLength(RegistryCall call, Response response) throws RegistryException {
        String length = response.header("Content-Length");
        if (length == null || !length.matches("[0-9]{1,18}")) {
            throw call.failed(Reason.PROTOCOL, "the registry did not say its length");
        }
        return Long.parseLong(length);
    }

    /** At most so many bytes of a stream, for registries that send more than was asked for. */
    private static final class Prefix extends FilterInputStream {

        private long left;

        Prefix(InputStream in, long length) {
            super(in);
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            if (left == 0) {
                return -1;
            }
            int read = in.read();
            left -= read < 0 ? 0 : 1;
            return read;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left == 0 && length > 0) {
                return -1;
            }
            int read = in.read(buffer, offset, (int) Math.min(length, left));
            left -= Math.max(read, 0);
            return read;
        }

        @Override
        public long skip(long count) throws IOException {
            long skipped = in.skip(Math.min(count, left));
            left -= skipped;
            return skipped;
        }

        @Override
        public int available() throws IOException {
            return (int) Math.min(in.available(), left);
        }

        @Override
        public boolean markSupported() {
            return false;
        }
    }
}
