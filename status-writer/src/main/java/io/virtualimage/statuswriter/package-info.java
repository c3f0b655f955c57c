/**
 * From the topics to {@code .status}: {@link io.virtualimage.statuswriter.StatusFold} derives the status of an image from
 * the facts, purely, and says it on {@code virtualimage.status}; {@link io.virtualimage.statuswriter.StatusApplier}
 * brings it to Kubernetes. The fold never calls Kubernetes, and the applier decides nothing but whether a status may
 * still take the place of what stands there. {@link io.virtualimage.statuswriter.ImageGauges} measures the images whose
 * partitions this replica has.
 *
 * <p>Owns {@code .status} of a VirtualImage, and the Kubernetes Events about it. May depend on {@code topics}, {@code
 * stage}, {@code k8s} and the Kubernetes client.
 */
@NullMarked
package io.virtualimage.statuswriter;

import org.jspecify.annotations.NullMarked;
