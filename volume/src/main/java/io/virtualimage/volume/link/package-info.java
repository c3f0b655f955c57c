/**
 * The way from a Pod to the service that made it: one URL with a token, asked again for as long as nobody answers.
 *
 * <p>May depend on nothing but the JDK.
 */
@NullMarked
package io.virtualimage.volume.link;

import org.jspecify.annotations.NullMarked;
