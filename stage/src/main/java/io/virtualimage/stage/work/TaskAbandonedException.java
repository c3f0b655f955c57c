package io.virtualimage.stage.work;

/** The work is of no use any more: stop, and leave no more effects. */
public final class TaskAbandonedException extends Exception {
    public TaskAbandonedException(String message) {
        super(message);
    }
}
