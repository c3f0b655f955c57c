package io.virtualimage.publisher.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.virtualimage.topics.Incarnation;
import java.util.List;
import java.util.Optional;

/** The claims that were made for images, in all namespaces, as they were a moment ago. */
interface ClaimCache {
    /** Whether all that there were when it began are in it. */
    boolean synced();

    /** One that bears our labels; none as long as what changes is not heard of at once. */
    Optional<PersistentVolumeClaim> claim(String namespace, String name);

    /** Those of an image, in any version. */
    List<PersistentVolumeClaim> claims(Incarnation image);
}
