/**
 * Optical discs: ISO 9660 and UDF, as far as it takes to recognise them. May depend on {@code io.virtualimage.disk}
 * and on nothing else.
 */
@NullMarked
package io.virtualimage.disk.iso;

import org.jspecify.annotations.NullMarked;
