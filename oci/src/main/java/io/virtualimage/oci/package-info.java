/**
 * A client of the OCI distribution API: pull, resumable push, mount, delete, and the values that go with it.
 *
 * <p>{@link io.virtualimage.oci.OciRegistry} is the port, {@link io.virtualimage.oci.HttpRegistry} speaks HTTP to one
 * registry. The package knows neither Kafka nor Kubernetes, and depends on OkHttp, Jackson and SLF4J alone.
 *
 * @see <a href="https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md">OCI distribution 1.1.1</a>
 * @see <a href="https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md">OCI image 1.1.1</a>
 */
@NullMarked
package io.virtualimage.oci;

import org.jspecify.annotations.NullMarked;
