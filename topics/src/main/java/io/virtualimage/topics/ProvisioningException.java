package io.virtualimage.topics;

/** The topics can't be provisioned; the message says what was tried, what stood in the way, and what to do about it. */
public final class ProvisioningException extends Exception {
    private static final long serialVersionUID = 1;

    public ProvisioningException(String message) {
        super(message);
    }

    public ProvisioningException(String message, Throwable cause) {
        super(message, cause);
    }
}
