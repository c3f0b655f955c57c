package io.virtualimage.sandbox.nodes;

/** Something that a Pod refers to isn't there; tried again until it is. */
final class NotYetException extends RuntimeException {
    NotYetException(String message) {
        super(message);
    }
}
