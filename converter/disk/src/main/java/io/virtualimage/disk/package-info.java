/** Virtual disk formats over any random-access byte source. Depends on nothing but the JDK. */
@NullMarked
package io.virtualimage.disk;

import org.jspecify.annotations.NullMarked;
