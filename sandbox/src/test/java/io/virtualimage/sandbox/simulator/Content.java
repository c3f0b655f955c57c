package io.virtualimage.sandbox.simulator;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.content.DiskContent;
import io.virtualimage.disk.inspect.DiskInspector;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** What a source may hold, and what has to become of it. */
enum Content {
    /** Passes through. */
    QCOW2,
    /** Becomes a qcow2 image with the same bytes for a guest. */
    RAW,
    /** Becomes a qcow2 image too, when its clusters are unpacked. */
    VMDK,
    /** A raw disk, packed by gzip. */
    PACKED_RAW,
    /** A qcow2 image, packed by gzip. */
    PACKED_QCOW2,
    TEXT,
    BROKEN_QCOW2;

    private static final byte[] QCOW2_MAGIC = {'Q', 'F', 'I', (byte) 0xfb};

    /** A file that holds this, made of random bytes; for some kinds it is longer or shorter than asked for. */
    byte[] of(byte[] random) {
        return switch (this) {
            case QCOW2 -> TinyQcow2.around(Arrays.copyOf(random, TinyQcow2.lengthFor(random.length)));
            case RAW -> raw(random);
            case VMDK -> TinyVmdk.of(random);
            case PACKED_RAW -> packed(raw(random));
            case PACKED_QCOW2 -> packed(QCOW2.of(random));
            case TEXT -> {
                Arrays.fill(random, (byte) 'x');
                yield random;
            }
            case BROKEN_QCOW2 -> {
                System.arraycopy(QCOW2_MAGIC, 0, random, 0, Math.min(random.length, 4));
                yield random;
            }
        };
    }

    private static byte[] raw(byte[] bytes) {
        bytes[0] = (byte) 0x80; // neither text nor any magic
        return bytes;
    }

    private static byte[] packed(byte[] bytes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return packed.toByteArray();
    }

    /** Whether what was published is what has to become of a file that holds this. */
    boolean isPublishedAs(byte[] file, byte[] published) {
        return switch (this) {
            case QCOW2 -> Arrays.equals(file, published);
            case RAW -> Arrays.equals(wholeSectors(file), guestBytes(published));
            case VMDK -> Arrays.equals(guestBytes(file), guestBytes(published));
            case PACKED_RAW -> RAW.isPublishedAs(unpacked(file), published);
            case PACKED_QCOW2 -> QCOW2.isPublishedAs(unpacked(file), published);
            case TEXT, BROKEN_QCOW2 -> false;
        };
    }

    private static byte[] wholeSectors(byte[] bytes) {
        return Arrays.copyOf(bytes, Math.ceilDiv(bytes.length, DiskInfo.SECTOR_BYTES) * DiskInfo.SECTOR_BYTES);
    }

    private static byte[] guestBytes(byte[] image) {
        try (DiskContent content =
                new DiskContent(DiskInspector.open(new MemoryByteSource(image), ReadLimits.DEFAULT))) {
            byte[] bytes = new byte[(int) content.lengthBytes()];
            content.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        } catch (IOException | DiskException e) {
            throw new BrokenInvariantError("a damaged image was published", e);
        }
    }

    private static byte[] unpacked(byte[] packed) {
        try (GZIPInputStream gzip = new GZIPInputStream(new ByteArrayInputStream(packed))) {
            return gzip.readAllBytes();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
