@NullMarked
package io.virtualimage.converter;

import org.jspecify.annotations.NullMarked;
