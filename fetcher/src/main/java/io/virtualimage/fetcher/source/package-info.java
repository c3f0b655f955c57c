/**
 * Reading sources: the port {@link io.virtualimage.fetcher.source.Source} that the workers see; HTTP servers and
 * container registries behind it. Whatever a source does wrong comes out as a {@link
 * io.virtualimage.fetcher.source.SourceException}, so that it can't be taken for trouble of our own.
 *
 * <p>May depend on {@code topics}, {@code stage}, {@code k8s}, {@code oci} and OkHttp, and on {@code
 * io.virtualimage.disk.wrapper} for unpacking layers; knows nothing of tasks.
 */
@NullMarked
package io.virtualimage.fetcher.source;

import org.jspecify.annotations.NullMarked;
