/**
 * Finds the disk's file in a container image: which layer holds it, and where. {@link
 * io.virtualimage.oci.layer.DiskFileFinder} reads an image's manifests and as little of its layers as will do; {@link
 * io.virtualimage.oci.layer.BlobStream} reads a layer whole and verifies it.
 *
 * <p>Images come from anybody. So every number of an archive is checked before it is used, memory is bounded by {@link
 * io.virtualimage.oci.layer.ScanLimits} and not by a field of the archive, nothing is ever unpacked to a file system, and
 * whatever is wrong with an image ends in an {@link io.virtualimage.oci.layer.UnusableImageException}; whatever is wrong
 * with the registry, in a {@link io.virtualimage.oci.RegistryException}.
 *
 * <p>Depends on {@code io.virtualimage.oci} and the JDK alone. Unpackers of gzip and zstd are given to it, see {@link
 * io.virtualimage.oci.layer.LayerDecompressor}.
 *
 * @see <a href="https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md">OCI image 1.1.1, layers</a>
 */
@NullMarked
package io.virtualimage.oci.layer;

import org.jspecify.annotations.NullMarked;
