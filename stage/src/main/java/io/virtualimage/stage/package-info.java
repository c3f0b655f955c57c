/**
 * What every stage is made of: the fold and its host ({@code fold}), workers and what they stand on ({@code work}),
 * staging ({@code staging}). Depends on {@code topics} and on no service.
 */
@NullMarked
package io.virtualimage.stage;

import org.jspecify.annotations.NullMarked;
