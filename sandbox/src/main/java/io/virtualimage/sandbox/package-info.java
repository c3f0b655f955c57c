@NullMarked
package io.virtualimage.sandbox;

import org.jspecify.annotations.NullMarked;
