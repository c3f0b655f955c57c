package io.virtualimage.sandbox.components;

import org.jspecify.annotations.Nullable;

/** A component can't be had or doesn't come up. The message tells the person who asked for it what to do about it. */
public final class ComponentException extends RuntimeException {

    public ComponentException(String message) {
        this(message, null);
    }

    public ComponentException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
