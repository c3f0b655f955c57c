/**
 * Doing the tasks of the fetch: {@link io.virtualimage.fetcher.work.FetchWorker} gives each to a class of its own. Runs
 * in the protocol simulator too: no threads, no clock, no randomness but what is given.
 *
 * <p>May depend on {@code topics}, {@code stage}, {@code fetcher.source}, {@code fetcher.volume} and {@code oci}.
 */
@NullMarked
package io.virtualimage.fetcher.work;

import org.jspecify.annotations.NullMarked;
