@NullMarked
package io.virtualimage.k8s;

import org.jspecify.annotations.NullMarked;
