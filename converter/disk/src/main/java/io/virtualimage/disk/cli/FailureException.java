package io.virtualimage.disk.cli;

import io.virtualimage.disk.DiskException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** The program can't do what it was asked to. The message is for the user. */
final class FailureException extends Exception {
    private final int exitCode;

    FailureException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    static FailureException of(int exitCode, String file, DiskException reason) {
        return new FailureException(exitCode, file + ": " + reason.getMessage());
    }

    /** @param file is named, unless the reason tells of another one */
    static FailureException of(int exitCode, String file, IOException reason) {
        return reason instanceof NamedSource.ReadFailure failure && failure.getCause() instanceof IOException cause
                ? of(exitCode, failure.name(), cause)
                : new FailureException(exitCode, file + ": " + describe(reason));
    }

    /** With which code the process ends. */
    int exitCode() {
        return exitCode;
    }

    private static String describe(IOException reason) {
        if (reason instanceof NoSuchFileException) {
            return "there is no such file";
        }
        if (reason instanceof AccessDeniedException) {
            return "permission denied";
        }
        String message = reason instanceof FileSystemException failure && failure.getReason() != null
                ? failure.getReason()
                : reason.getMessage();
        return message == null ? reason.getClass().getSimpleName() : message;
    }
}
