package io.virtualimage.sandbox.simulator;

import org.jspecify.annotations.Nullable;

/** Something happened that must never happen. An error, so that no product code takes it for trouble of its own. */
final class BrokenInvariantError extends Error {
    BrokenInvariantError(String message) {
        this(message, null);
    }

    BrokenInvariantError(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
