package io.virtualimage.stage.work;

/** The broker did not confirm an event. The task must not be acknowledged: it will be delivered again. */
public final class AnnouncementException extends Exception {
    public AnnouncementException(String message, Throwable cause) {
        super(message, cause);
    }
}
