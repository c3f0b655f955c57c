package io.virtualimage.disk.recipe;

import java.io.IOException;
import java.util.Optional;

/**
 * Where the documents of one recipe are kept, by name. Names have only lower-case letters, digits and hyphens; documents
 * have a few MiB at most.
 */
public interface PartStore {
    /**
     * Keeps a document. Idempotent: a recipe that is written once more, from the same image, puts the same bytes by the
     * same names. The document must be there, and be whole, when this returns.
     */
    void put(String name, byte[] document) throws IOException;

    /** The document of that name; empty if there is none. */
    Optional<byte[]> get(String name) throws IOException;
}
