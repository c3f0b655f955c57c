/**
 * Makes plain but valid images for tests, demonstrations and benchmarks; nothing in production calls it. May
 * depend on {@code io.virtualimage.disk}, on the formats and on {@code recipe}.
 */
@NullMarked
package io.virtualimage.disk.sample;

import org.jspecify.annotations.NullMarked;
