/**
 * Plays, for a Kubernetes API that was started here, what a cluster has besides its controllers: the scheduler, one node
 * with its kubelet, and a storage driver that makes volumes and snapshots. Containers are processes of this machine. May
 * depend on {@code sandbox.components} and on a Kubernetes client; knows nothing of the pipeline.
 */
@NullMarked
package io.virtualimage.sandbox.nodes;

import org.jspecify.annotations.NullMarked;
