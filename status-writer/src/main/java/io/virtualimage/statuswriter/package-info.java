@NullMarked
package io.virtualimage.statuswriter;

import org.jspecify.annotations.NullMarked;
