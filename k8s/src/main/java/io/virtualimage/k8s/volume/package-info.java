/**
 * What is made in an image's namespace to read a volume or to fill one: Jobs, as manifests. Nothing here speaks to an API
 * server.
 *
 * <p>May depend on the model of the Kubernetes client and on {@code k8s}.
 */
@NullMarked
package io.virtualimage.k8s.volume;

import org.jspecify.annotations.NullMarked;
