@NullMarked
package io.virtualimage.publisher;

import org.jspecify.annotations.NullMarked;
