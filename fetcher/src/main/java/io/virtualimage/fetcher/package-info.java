/**
 * The fetch: what to fetch next ({@link io.virtualimage.fetcher.FetchFold}), those who do it ({@code work}), what
 * they read ({@code source}), and what is sent here ({@code upload}, {@code volume}).
 *
 * <p>May depend on {@code topics}, {@code stage}, {@code k8s} and {@code oci}, and on how {@code disk} unpacks files.
 */
@NullMarked
package io.virtualimage.fetcher;

import org.jspecify.annotations.NullMarked;
