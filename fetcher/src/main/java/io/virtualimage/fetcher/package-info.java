/**
 * The fetch: what to fetch next ({@link io.virtualimage.fetcher.FetchFold}), those who do it ({@code work}), and what
 * they read ({@code source}).
 *
 * <p>May depend on {@code topics}, {@code stage} and {@code k8s}.
 */
@NullMarked
package io.virtualimage.fetcher;

import org.jspecify.annotations.NullMarked;
