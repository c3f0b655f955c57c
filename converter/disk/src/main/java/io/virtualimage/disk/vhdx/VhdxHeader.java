package io.virtualimage.disk.vhdx;

import java.util.UUID;

/**
 * The current header: where the log is, and whether it has something to say.
 *
 * @param offset of the header itself, in bytes
 * @param logGuid entries of the log that count carry it; {@link VhdxFormat#NO_GUID} if none do
 * @param logOffset in bytes; a multiple of 1 MiB, not below 1 MiB
 * @param logLengthBytes a multiple of 1 MiB, may be 0; the log lies inside the file
 */
record VhdxHeader(int offset, UUID logGuid, long logOffset, long logLengthBytes) {
    boolean hasLog() {
        return !logGuid.equals(VhdxFormat.NO_GUID) && logLengthBytes > 0;
    }
}
