/**
 * The program that runs in a Job's Pod, where a volume is mounted, and nothing else: it reads what the volume holds and
 * sends it to a fetcher ({@code read}), or fills it with what a publisher says ({@code fill}). How it speaks to our
 * services is in {@code link}.
 *
 * <p>May depend on nothing but the JDK: no client of Kafka, of an object store or of Kubernetes stands in a tenant's
 * namespace, and the only secret there is one URL.
 */
@NullMarked
package io.virtualimage.volume;

import org.jspecify.annotations.NullMarked;
