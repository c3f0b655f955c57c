package io.virtualimage.oci;

/** A manifest as the registry gave it, verified against its digest. */
public final class FetchedManifest {

    private final Descriptor descriptor;
    private final byte[] bytes;

    public FetchedManifest(Descriptor descriptor, byte[] bytes) {
        this.descriptor = descriptor;
        this.bytes = bytes.clone();
    }

    /** Its media type, digest and length. */
    public Descriptor descriptor() {
        return descriptor;
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    /**
     * Reads the JSON.
     *
     * @throws RegistryException ({@code PROTOCOL}) if it is malformed or of a kind that is not supported
     */
    public Manifest parse() throws RegistryException {
        return Manifest.parse(bytes, descriptor.mediaType());
    }
}
