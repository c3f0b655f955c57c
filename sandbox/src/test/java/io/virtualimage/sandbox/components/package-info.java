/**
 * Tests of the launchers against the real components, and what tests of other packages get their components from:
 * {@link io.virtualimage.sandbox.components.Components}.
 */
@NullMarked
package io.virtualimage.sandbox.components;

import org.jspecify.annotations.NullMarked;
