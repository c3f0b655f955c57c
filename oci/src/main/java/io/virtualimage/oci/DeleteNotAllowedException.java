package io.virtualimage.oci;

import org.jspecify.annotations.Nullable;

/** The registry refuses deletions as such (405): retrying is no use, an administrator has to allow them. */
public final class DeleteNotAllowedException extends RegistryException {

    DeleteNotAllowedException(String message, @Nullable Throwable cause) {
        super(Reason.DELETE_NOT_ALLOWED, message, cause, null);
    }
}
