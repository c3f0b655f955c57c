@NullMarked
package io.virtualimage.watcher;

import org.jspecify.annotations.NullMarked;
