package io.virtualimage.topics;

/** The bytes are no event of ours; the message says where they break the contract. */
public final class UndecodableEventException extends Exception {
    public UndecodableEventException(String message, Throwable cause) {
        super(message, cause);
    }

    public UndecodableEventException(String message) {
        super(message);
    }
}
