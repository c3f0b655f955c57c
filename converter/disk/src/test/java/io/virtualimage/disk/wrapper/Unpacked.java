package io.virtualimage.disk.wrapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MemoryByteSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** Unpacks in memory, for tests. */
final class Unpacked {
    /** A stream that is read from its start to its end. */
    static final int ONE_BY_ONE = 0;

    private Unpacked() {}

    /** @param workers {@link #ONE_BY_ONE}, or how many threads read at once, from where they like */
    static byte[] of(byte[] packed, Wrapper wrapper, UnpackLimits limits, int workers) throws IOException {
        try (InputStream in = workers == ONE_BY_ONE
                ? UnpackedStream.of(new ByteArrayInputStream(packed), wrapper, limits)
                : UnpackedStream.of(new MemoryByteSource(packed), wrapper, limits, workers)) {
            return in.readAllBytes();
        }
    }

    static byte[] of(byte[] packed, Wrapper wrapper) throws IOException {
        return of(packed, wrapper, UnpackLimits.DEFAULT, ONE_BY_ONE);
    }

    static DiskException refusal(byte[] packed, Wrapper wrapper, UnpackLimits limits, int workers) {
        BadContentException failure =
                catchThrowableOfType(BadContentException.class, () -> of(packed, wrapper, limits, workers));
        assertThat(failure).as("refused").isNotNull();
        return failure.reason();
    }

    static DiskException refusal(byte[] packed, Wrapper wrapper) {
        return refusal(packed, wrapper, UnpackLimits.DEFAULT, ONE_BY_ONE);
    }

    static byte[] concatenate(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
