@NullMarked
package io.virtualimage.stage;

import org.jspecify.annotations.NullMarked;
