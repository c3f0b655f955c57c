/**
 * A user's images, from {@code kubectl apply} to the registry, on real components, with every service as processes of
 * its own. What comes out is judged by programs that we did not write: kubectl, skopeo, qemu-img, kcat, openssl, rhash.
 */
@NullMarked
package io.virtualimage.sandbox.endtoend;

import org.jspecify.annotations.NullMarked;
