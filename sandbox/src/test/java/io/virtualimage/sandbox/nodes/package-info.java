/** Tests of the node that runs Jobs where there is no kubelet. */
@NullMarked
package io.virtualimage.sandbox.nodes;

import org.jspecify.annotations.NullMarked;
