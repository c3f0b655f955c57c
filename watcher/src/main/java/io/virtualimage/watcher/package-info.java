/**
 * From VirtualImages to {@code virtualimage.requests}: what is wanted now, of every image, and who
 * uses it. {@link
 * io.virtualimage.watcher.RequestPlanner} decides, as a pure function of an object, of what is on record for it and of what there is
 * around it; {@link io.virtualimage.watcher.Reconciler} does what was decided; the rest brings the sides together:
 * informers, a view of the topics, an elected leader, a queue and one thread.
 *
 * <p>Owns {@code metadata.finalizers} of a VirtualImage and nothing else of it. May depend on {@code topics}, {@code
 * stage}, {@code k8s} and the Kubernetes client.
 */
@NullMarked
package io.virtualimage.watcher;

import org.jspecify.annotations.NullMarked;
