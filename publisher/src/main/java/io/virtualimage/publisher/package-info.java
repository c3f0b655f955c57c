/**
 * Makes an image visible, and takes it back. {@link io.virtualimage.publisher.PublishFold} decides,
 * {@link io.virtualimage.publisher.PublishWorker} does, {@link io.virtualimage.publisher.Publisher} wires. May depend on
 * {@code topics}, {@code stage}, {@code oci}, {@code k8s} and, for recipes, {@code disk}. What is published is read by
 * {@code publisher.content}; claims are filled by {@code publisher.volume};
 * {@code publisher.care} looks after both.
 *
 * <p>Names are the fence: every incarnation has a tag of its own, so a paused writer that comes late can only leave an
 * orphan. The bytes of a layer follow from image, epoch and session alone, so whoever goes on with an upload writes what
 * the one before would have written; and the registry turns an upload into a layer only if its digest is right.
 */
@NullMarked
package io.virtualimage.publisher;

import org.jspecify.annotations.NullMarked;
