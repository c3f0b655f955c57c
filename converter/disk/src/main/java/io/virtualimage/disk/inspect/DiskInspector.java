package io.virtualimage.disk.inspect;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.NotAnImageException;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.iso.VolumeRecognition;
import io.virtualimage.disk.qcow2.Qcow2Disk;
import io.virtualimage.disk.qcow2.Qcow2Format;
import io.virtualimage.disk.qcow2.Qcow2HeaderReader;
import io.virtualimage.disk.raw.RawDisk;
import io.virtualimage.disk.vdi.VdiDisk;
import io.virtualimage.disk.vhdx.VhdxDisk;
import io.virtualimage.disk.vmdk.VmdkDisk;
import io.virtualimage.disk.vpc.VpcDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Finds out what an image is, by what it begins and ends with and never by its name, and opens it.
 *
 * <p>The order decides in which format an image is seen that fits several: the magic number of qcow2, as QEMU does it;
 * then the other formats with a magic number, known or refused; then ISO, even if it has a partition table too; text;
 * and what is left is raw.
 */
public final class DiskInspector {
    /**
     * Of the first bytes, opening reads no more than these: the largest cluster of qcow2, which holds its header, and
     * well beyond the descriptors of ISO 9660 and UDF. (VHDX has its metadata where its region table says, and
     * vpc its dynamic header where its footer says.)
     */
    public static final int HEAD_BYTES = Qcow2Format.MAX_CLUSTER_BYTES;
    /** Of the last bytes, opening reads no more than these: the footers of vpc and of streamed vmdk. */
    public static final int TAIL_BYTES = 4096;

    /** What is looked at to tell text from a raw disk. */
    private static final int TEXT_BYTES = 64 << 10;

    private DiskInspector() {}

    /** What an image is: as {@link #open}, for those who want no more. */
    public static DiskInfo inspect(ByteSource source) throws IOException, DiskException {
        return open(source, ReadLimits.DEFAULT).info();
    }

    /**
     * Opens an image: its header is read and checked, its map is not. Does not close the source.
     *
     * @throws DiskException if the image cannot be taken
     * @throws IOException as the source gives it
     */
    public static VirtualDisk open(ByteSource source, ReadLimits limits) throws IOException, DiskException {
        long length = source.lengthBytes();
        if (length == 0) {
            throw new NotAnImageException("raw: the file is empty");
        }
        ByteBuffer head = source.read(0, (int) Math.min(length, TEXT_BYTES));
        if (Qcow2HeaderReader.matches(head)) {
            return Qcow2Disk.open(source, limits);
        }
        if (VmdkDisk.matches(head)) {
            return VmdkDisk.open(source, limits);
        }
        if (VdiDisk.matches(head)) {
            return VdiDisk.open(source, limits);
        }
        if (VhdxDisk.matches(head)) {
            return VhdxDisk.open(source, limits);
        }
        int tailBytes = (int) Math.min(length, ForeignFormat.TAIL_BYTES);
        ByteBuffer tail = source.read(length - tailBytes, tailBytes);
        Optional<ForeignFormat> foreign = ForeignFormat.of(head, tail);
        if (foreign.isPresent()) {
            throw foreign.get().refusal(length);
        }
        // Last of these, since all of a fixed disk but the end of the file belongs to the guest.
        if (VpcDisk.matches(head, tail)) {
            return VpcDisk.open(source, limits);
        }
        if (VolumeRecognition.read(source).isDisc()) {
            return RawDisk.open(source, DiskFormat.ISO);
        }
        Optional<String> text = TextGuess.describe(head, head.remaining() == length);
        if (text.isPresent()) {
            throw new NotAnImageException(
                    "raw: this is no disk image, it looks like " + text.get() + "; is the address right?");
        }
        return RawDisk.open(source, DiskFormat.RAW);
    }
}
