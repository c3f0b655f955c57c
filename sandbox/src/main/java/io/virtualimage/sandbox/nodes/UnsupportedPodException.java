package io.virtualimage.sandbox.nodes;

/** A Pod asks for what processes of this machine can't give it. The message says what that is. */
final class UnsupportedPodException extends RuntimeException {
    UnsupportedPodException(String message) {
        super(message);
    }
}
