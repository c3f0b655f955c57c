/**
 * Reading sources: the port {@link io.virtualimage.fetcher.source.Source} that the workers see, and HTTP behind it.
 * Whatever a source does wrong comes out as a {@link io.virtualimage.fetcher.source.SourceException}, so that it can't be
 * taken for trouble of our own.
 *
 * <p>May depend on {@code topics}, {@code stage}, {@code k8s} and OkHttp; knows nothing of tasks.
 */
@NullMarked
package io.virtualimage.fetcher.source;

import org.jspecify.annotations.NullMarked;
