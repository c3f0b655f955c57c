@NullMarked
package io.virtualimage.fetcher;

import org.jspecify.annotations.NullMarked;
