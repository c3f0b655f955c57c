package io.virtualimage.oci;

import java.net.URI;

/**
 * Where a blob upload goes on. It is opaque, changes with every step, and a stale one is refused; it may be written
 * down and used by another process later.
 *
 * @param uri absolute; its query is the registry's own state and is kept as it is
 */
public record UploadLocation(Repository repository, URI uri) {

    public UploadLocation {
        if (!uri.isAbsolute()) {
            throw new IllegalArgumentException("an upload location is absolute: " + uri);
        }
    }
}
