package io.virtualimage.oci;

/** What names a manifest within its repository: a tag, which may move, or a digest, which may not. */
public sealed interface ManifestReference permits Tag, Digest {

    /** The form that stands in a path. */
    @Override
    String toString();
}
