/**
 * What is published, as bytes at offsets: read from staging, as they came or through a recipe. May depend on {@code topics},
 * {@code stage} and, for recipes, {@code disk}.
 */
@NullMarked
package io.virtualimage.publisher.content;

import org.jspecify.annotations.NullMarked;
