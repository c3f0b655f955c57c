package io.virtualimage.disk;

import java.io.IOException;

/** The bytes can't be had because the image is bad; an {@link IOException}, since sources and streams throw those. */
public final class BadContentException extends IOException {
    private final DiskException reason;

    public BadContentException(DiskException reason) {
        super(reason.getMessage(), reason);
        this.reason = reason;
    }

    public DiskException reason() {
        return reason;
    }
}
