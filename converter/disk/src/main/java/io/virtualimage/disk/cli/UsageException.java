package io.virtualimage.disk.cli;

/** The program was called in a way that it doesn't understand. */
final class UsageException extends Exception {
    UsageException(String message) {
        super(message);
    }
}
