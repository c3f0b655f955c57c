package io.virtualimage.disk.sample;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes images whose every byte follows from the arguments: the same arguments give the same file on any machine.
 *
 * <p>A disk of a given virtual size, amount of data and seed is the same disk as qcow2 and as raw: runs of 4 MiB of
 * data that do not compress, spread evenly over the disk, with a master boot record in the first sector; the rest
 * reads as zeros. Data come in whole clusters of 64 KiB, of which there is at least one.
 *
 * <p>Memory is constant, and images may be as large as the disk has room for. Streams are neither buffered (they get
 * blocks of 64 KiB) nor closed. Files are replaced if they are there; a file that could not be finished stays.
 */
public final class SampleImages {
    private SampleImages() {}

    /**
     * A qcow2 image of version 3, with clusters of 64 KiB and no compression.
     *
     * @param virtualSizeBytes a multiple of 512, above 0
     * @param dataBytes rounded up to whole clusters; not more than the disk has
     */
    public static void writeQcow2(OutputStream target, long virtualSizeBytes, long dataBytes, long seed)
            throws IOException {
        new SampleQcow2(new SampleLayout(virtualSizeBytes, dataBytes), seed).writeTo(target);
    }

    /** The same into a file. */
    public static void writeQcow2(Path file, long virtualSizeBytes, long dataBytes, long seed) throws IOException {
        try (OutputStream target = Files.newOutputStream(file)) {
            writeQcow2(target, virtualSizeBytes, dataBytes, seed);
        }
    }

    /** Length in bytes of the file that {@code writeQcow2} writes. */
    public static long qcow2LengthBytes(long virtualSizeBytes, long dataBytes) {
        return new SampleQcow2(new SampleLayout(virtualSizeBytes, dataBytes), 0).lengthBytes();
    }

    /** A raw image of {@code virtualSizeBytes} bytes, zeros included. Arguments as for {@code writeQcow2}. */
    public static void writeRaw(OutputStream target, long virtualSizeBytes, long dataBytes, long seed)
            throws IOException {
        SampleLayout layout = new SampleLayout(virtualSizeBytes, dataBytes);
        byte[] zeros = new byte[SampleLayout.CLUSTER_BYTES];
        byte[] cluster = new byte[SampleLayout.CLUSTER_BYTES];
        long next = 0;
        for (long guest = 0; guest < layout.guestClusters(); guest++) {
            boolean data = next < layout.dataClusters() && layout.guestCluster(next) == guest;
            if (data) {
                SampleData.fillDiskCluster(seed, guest, cluster);
                next++;
            }
            target.write(data ? cluster : zeros, 0, layout.lengthOf(guest));
        }
    }

    /** The same into a file, with holes where the disk reads as zeros. */
    public static void writeRaw(Path file, long virtualSizeBytes, long dataBytes, long seed) throws IOException {
        SampleLayout layout = new SampleLayout(virtualSizeBytes, dataBytes);
        byte[] cluster = new byte[SampleLayout.CLUSTER_BYTES];
        try (RandomAccessFile target = new RandomAccessFile(file.toFile(), "rw")) {
            // First to nothing, so that nothing of an older file shows through the holes.
            target.setLength(0);
            target.setLength(virtualSizeBytes);
            for (long i = 0; i < layout.dataClusters(); i++) {
                long guest = layout.guestCluster(i);
                SampleData.fillDiskCluster(seed, guest, cluster);
                target.seek(guest * SampleLayout.CLUSTER_BYTES);
                target.write(cluster, 0, layout.lengthOf(guest));
            }
        }
    }

    /**
     * An ISO 9660 image with one file, {@code DATA.BIN}, of exactly {@code dataBytes} bytes that do not compress.
     *
     * @param dataBytes from 0 to 4 GiB less one byte
     * @param volumeLabel 1 to 32 of {@code A} to {@code Z}, {@code 0} to {@code 9} and {@code _}
     */
    public static void writeIso(OutputStream target, long dataBytes, long seed, String volumeLabel) throws IOException {
        new SampleIso(dataBytes, seed, volumeLabel).writeTo(target);
    }

    /** The same into a file. */
    public static void writeIso(Path file, long dataBytes, long seed, String volumeLabel) throws IOException {
        try (OutputStream target = Files.newOutputStream(file)) {
            writeIso(target, dataBytes, seed, volumeLabel);
        }
    }

    /** Length in bytes of the file that {@code writeIso} writes. */
    public static long isoLengthBytes(long dataBytes) {
        return SampleIso.lengthBytes(dataBytes);
    }
}
