package io.virtualimage.disk.fuzz;

import io.virtualimage.disk.DiskException;
import java.io.IOException;
import java.nio.file.Path;

/** What reads hostile bytes, and is held to its contract. */
interface Subject {
    /**
     * Has an input read.
     *
     * @throws DiskException if it is refused, which is fine; anything else that is thrown is a finding
     * @throws IOException as no reader may: sources in memory have no failures of their own
     */
    void read(byte[] input) throws IOException, DiskException;

    /** Writes the file that an input stands for, to look at with other programs. */
    void writeFile(byte[] input, Path file) throws IOException;

    /** The input that stands for a file. */
    byte[] inputOf(Path file) throws IOException;
}
