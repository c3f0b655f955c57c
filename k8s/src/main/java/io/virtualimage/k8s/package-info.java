/**
 * The resource {@code VirtualImage} as Java types, and the names that the project uses in Kubernetes.
 *
 * <p>May depend on the model and API of the Kubernetes client, on no implementation of it, and on no other module. The
 * types are as lenient as a reader has to be: a field or an enum value that this version doesn't know is dropped or
 * read as {@code null}, so that one object of a newer version can't blind an informer to all others. What may be
 * written is decided by the custom resource definition in {@code /crds}.
 */
@NullMarked
package io.virtualimage.k8s;

import org.jspecify.annotations.NullMarked;
