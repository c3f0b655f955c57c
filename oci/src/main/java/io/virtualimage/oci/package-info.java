@NullMarked
package io.virtualimage.oci;

import org.jspecify.annotations.NullMarked;
