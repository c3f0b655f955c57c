@NullMarked
package io.virtualimage.topics;

import org.jspecify.annotations.NullMarked;
