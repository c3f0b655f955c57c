package io.virtualimage.disk.convert;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Copies a disk into a file of another format. The file stays sparse: what is zero is not written. Memory for each thread:
 * 1 MiB, and up to 16 MiB if the image has compressed clusters as large as they may be.
 */
public final class ParallelCopy {
    private ParallelCopy() {}

    /**
     * Writes the bytes that a guest sees.
     *
     * @param target empty; may be written to at any offset, and has to be made as long as the disk by the caller
     * @throws DiskException if the image turns out to be bad where it is read; part of {@code target} is then written
     * @throws IOException as source and target give it
     */
    public static void toRaw(VirtualDisk disk, FileChannel target, int threads) throws IOException, DiskException {
        PortionWalk portions = new PortionWalk(disk);
        Workers.run(Collections.nCopies(threads, new PortionWriter(portions, disk.source(), target)), portions::stop);
    }

    /**
     * Writes a qcow2 file, in which clusters of zeros are not allocated, whether they were known to be zeros or not.
     *
     * @param target empty; may be written to at any offset, and has to be made as long as is returned by the caller
     * @return length of the new file in bytes
     * @throws DiskException if the image turns out to be bad, or the disk can't be put into a qcow2 file; part of {@code
     *     target} may then be written
     * @throws IOException as source and target give it
     */
    public static long toQcow2(VirtualDisk disk, FileChannel target, int threads) throws IOException, DiskException {
        PortionQueue portions = new PortionQueue();
        Qcow2Layout layout = new Qcow2Layout(disk, portions, target);
        List<Workers.Work> all = new ArrayList<>();
        all.addAll(Collections.nCopies(threads, new PortionWriter(portions, disk.source(), target)));
        all.add(layout);
        Workers.run(all, portions::stop);
        return layout.lengthBytes();
    }
}
