/**
 * Starts the real components that the pipeline stands on (Kafka, an object store, a registry, the Kubernetes API), for
 * the sandbox and for tests, and knows nothing of the pipeline itself. May depend on the components' own libraries.
 */
@NullMarked
package io.virtualimage.sandbox.components;

import org.jspecify.annotations.NullMarked;
