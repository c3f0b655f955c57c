package io.virtualimage.disk.inspect;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.NotAnImageException;
import io.virtualimage.disk.iso.VolumeRecognition;
import io.virtualimage.disk.qcow2.Qcow2Format;
import io.virtualimage.disk.qcow2.Qcow2HeaderReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Finds out what an image is, from its first and its last bytes only.
 *
 * <p>The order decides in which format an image is seen that fits several: the magic number of qcow2, as QEMU does it;
 * then formats that are known but refused; then ISO, even if it has a partition table too; text; and what is left is
 * raw.
 */
public final class DiskInspector {
    /**
     * Of the first bytes, no more than these are ever read: the largest cluster of qcow2, which holds its header, and
     * well beyond the descriptors of ISO 9660 and UDF.
     */
    public static final int HEAD_BYTES = Qcow2Format.MAX_CLUSTER_BYTES;
    /** Of the last bytes, no more than these are ever read: footers of vpc and of formats like it. */
    public static final int TAIL_BYTES = 4096;

    /** What is looked at to tell text from a raw disk. */
    private static final int TEXT_BYTES = 64 << 10;

    private DiskInspector() {}

    /**
     * Inspects an image. Reads only the first {@link #HEAD_BYTES} and the last {@link #TAIL_BYTES}, or all if it is
     * shorter. Holds at most about {@code HEAD_BYTES} of memory. Does not close the source.
     *
     * @throws DiskException if the image cannot be taken
     * @throws IOException as the source gives it
     */
    public static DiskInfo inspect(ByteSource source) throws IOException, DiskException {
        long length = source.lengthBytes();
        if (length == 0) {
            throw new NotAnImageException("raw: the file is empty");
        }
        ByteBuffer head = source.read(0, (int) Math.min(length, TEXT_BYTES));
        if (Qcow2HeaderReader.matches(head)) {
            return new DiskInfo(DiskFormat.QCOW2, Qcow2HeaderReader.read(source).virtualSizeBytes(), false);
        }
        int tailBytes = (int) Math.min(length, ForeignFormat.TAIL_BYTES);
        Optional<ForeignFormat> foreign = ForeignFormat.of(head, source.read(length - tailBytes, tailBytes));
        if (foreign.isPresent()) {
            throw foreign.get().refusal(length);
        }
        if (VolumeRecognition.read(source).isDisc()) {
            return new DiskInfo(DiskFormat.ISO, wholeSectors(length), true);
        }
        Optional<String> text = TextGuess.describe(head, head.remaining() == length);
        if (text.isPresent()) {
            throw new NotAnImageException(
                    "raw: this is no disk image, it looks like " + text.get() + "; is the address right?");
        }
        return new DiskInfo(DiskFormat.RAW, wholeSectors(length), false);
    }

    private static long wholeSectors(long lengthBytes) throws DiskLimitException {
        if (lengthBytes > Long.MAX_VALUE - (DiskInfo.SECTOR_BYTES - 1)) {
            throw new DiskLimitException(0, "the size of 8 EiB is over the limit");
        }
        return Math.ceilDiv(lengthBytes, DiskInfo.SECTOR_BYTES) * DiskInfo.SECTOR_BYTES;
    }
}
