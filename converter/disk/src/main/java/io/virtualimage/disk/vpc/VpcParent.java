package io.virtualimage.disk.vpc;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.UntrustedText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The names of a parent in a dynamic header: whoever follows them hands a file of the host to the guest. */
final class VpcParent {
    private static final int SHOWN_CHARS = 200;

    private VpcParent() {}

    /** Refuses names in the header of a disk that does not say it is differencing. */
    static void refuse(ByteBuffer header, long offset) throws UnsupportedDiskException {
        String name = name(header);
        if (!name.isEmpty()) {
            throw new UnsupportedDiskException(
                    offset + VpcFormat.PARENT_NAME_OFFSET,
                    "vpc: the image names a parent '%s'; %s".formatted(name, UnsupportedDiskException.OTHER_FILES));
        }
        for (int i = 0; i < VpcFormat.PARENT_LOCATORS; i++) {
            int locator = VpcFormat.PARENT_LOCATORS_OFFSET + i * VpcFormat.PARENT_LOCATOR_BYTES;
            if (header.getInt(locator) != 0) {
                throw new UnsupportedDiskException(
                        offset + locator,
                        "vpc: the image has a locator of a parent, of the kind '%s'; %s"
                                .formatted(
                                        UntrustedText.printable(header.slice(locator, Integer.BYTES), SHOWN_CHARS),
                                        UnsupportedDiskException.OTHER_FILES));
            }
        }
    }

    /** Why a differencing disk is refused, with the name of its parent if that can be had. */
    static UnsupportedDiskException refusal(ByteSource source, VpcFooter footer) throws IOException {
        long offset = footer.dataOffset();
        boolean readable = VpcDynamicHeader.liesIn(source, offset);
        String name = readable
                ? "'%s'".formatted(name(source.read(offset, VpcFormat.DYNAMIC_HEADER_BYTES)))
                : "(its name cannot be read)";
        return new UnsupportedDiskException(
                footer.offset() + VpcFormat.TYPE_OFFSET,
                "vpc: this is a differencing disk, whose other data are in its parent %s; %s"
                        .formatted(name, UnsupportedDiskException.OTHER_FILES));
    }

    private static String name(ByteBuffer header) {
        String name = StandardCharsets.UTF_16BE
                .decode(header.slice(VpcFormat.PARENT_NAME_OFFSET, VpcFormat.PARENT_NAME_BYTES))
                .toString();
        int end = name.indexOf('\0');
        return UntrustedText.printable(end < 0 ? name : name.substring(0, end), SHOWN_CHARS);
    }
}
