/**
 * Recipes: an output file as a list of pieces that say where its bytes come from, so that an image is rewritten without
 * moving its data. {@link io.virtualimage.disk.recipe.Piece} and {@link io.virtualimage.disk.recipe.PieceSink} are what
 * writers of formats speak; {@link io.virtualimage.disk.recipe.RecipeWriter} and {@link
 * io.virtualimage.disk.recipe.RecipeReader} keep pieces in documents of bounded size, behind a port.
 *
 * <p>May depend on {@code io.virtualimage.disk}, {@code content} and {@code codec}, and on no format.
 */
@NullMarked
package io.virtualimage.disk.recipe;

import org.jspecify.annotations.NullMarked;
