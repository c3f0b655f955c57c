package io.virtualimage.oci.layer;

import io.virtualimage.oci.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Reads the headers of an archive, one after the other, and skips the contents: old (v7), POSIX {@code ustar} with pax
 * extended headers, GNU with long names. What of an entry is said more than once counts as it does for container
 * runtimes: a GNU long name before the extended header, that before the global one, and the header's own fields last.
 *
 * <p>An archive ends with two blocks of zeros, or where its bytes end between two entries; what is behind does not count.
 */
final class TarReader {

    private final InputStream in;
    private final Digest layer;
    private final ScanBudget budget;
    private final OptionalLong lengthBytes;
    private final byte[] block = new byte[TarFormat.BLOCK_BYTES];

    private PaxRecords global = PaxRecords.NONE;
    private long offset;
    /** Of the content and what pads it to whole blocks. */
    private long contentLeft;

    private int padding;
    private boolean ended;

    /**
     * A reader that has read nothing yet.
     *
     * @param in at the archive's start; its {@code skip} should be quick. It stays open
     * @param lengthBytes the archive's if it is known; if not, what is read and skipped is taken from the budget
     */
    TarReader(InputStream in, Digest layer, ScanBudget budget, OptionalLong lengthBytes) {
        this.in = in;
        this.layer = layer;
        this.budget = budget;
        this.lengthBytes = lengthBytes;
    }

    /** Where the reader stands. */
    LayerPlace place() {
        return new LayerPlace(layer, offset);
    }

    /**
     * The next entry, or empty at the archive's end.
     *
     * @throws IOException what the stream threw, unchanged
     */
    Optional<TarEntry> next() throws IOException, LayerException {
        PaxRecords own = PaxRecords.NONE;
        String longName = null;
        String longLink = null;
        while (!ended) {
            if (contentLeft > 0) {
                skipContent();
            }
            LayerPlace place = place();
            if (!readBlock() || isEnd(place)) {
                ended = true;
                break;
            }
            budget.takeEntry(place);
            TarHeader header = TarHeader.parse(block, place);
            switch (header.type()) {
                case TarFormat.PAX -> own = PaxRecords.parse(content(header, place), place);
                case TarFormat.PAX_GLOBAL ->
                    global = PaxRecords.parse(content(header, place), place).over(global);
                case TarFormat.GNU_LONG_NAME -> longName = longText(header, place);
                case TarFormat.GNU_LONG_LINK -> longLink = longText(header, place);
                default -> {
                    return Optional.of(entry(header, own.over(global), longName, longLink, place));
                }
            }
        }
        return Optional.empty();
    }

    private TarEntry entry(
            TarHeader header,
            PaxRecords records,
            @Nullable String longName,
            @Nullable String longLink,
            LayerPlace place)
            throws IOException, LayerException {
        String name = longName != null ? longName : records.path().orElse(header.name());
        TarEntry.Type type = type(header.type(), name);
        boolean more = header.sparseMapContinues();
        while (more) {
            LayerPlace map = place();
            budget.takeEntry(map);
            if (!readBlock()) {
                throw map.malformed("the archive ends within the map of a sparse file");
            }
            more = block[TarFormat.SPARSE_BLOCK_CONTINUES_AT] != 0;
        }
        // Some programs give a size to what has no content; so the header's type decides, not the name.
        boolean content = switch (header.type()) {
            case TarFormat.HARD_LINK,
                    TarFormat.SYMBOLIC_LINK,
                    TarFormat.CHARACTER_DEVICE,
                    TarFormat.BLOCK_DEVICE,
                    TarFormat.DIRECTORY,
                    TarFormat.FIFO -> false;
            default -> true;
        };
        long length = content ? records.lengthBytes().orElse(header.lengthBytes()) : 0;
        Optional<TarPath> path = path(name, place);
        Optional<TarPath> target = type == TarEntry.Type.HARD_LINK
                ? path(longLink != null ? longLink : records.linkPath().orElse(header.link()), place)
                : Optional.empty();
        TarEntry entry = new TarEntry(
                path.orElse(null),
                type,
                header.type() == TarFormat.GNU_SPARSE || records.sparse(),
                place,
                offset,
                length,
                target.orElse(null));
        expect(length, place);
        return entry;
    }

    private static TarEntry.Type type(char type, String name) {
        return switch (type) {
            // Before directories had a type of their own, a slash at the name's end was all there was.
            case TarFormat.OLD_REGULAR, TarFormat.REGULAR, TarFormat.CONTIGUOUS ->
                name.endsWith("/") ? TarEntry.Type.DIRECTORY : TarEntry.Type.REGULAR;
            case TarFormat.GNU_SPARSE -> TarEntry.Type.REGULAR;
            case TarFormat.HARD_LINK -> TarEntry.Type.HARD_LINK;
            case TarFormat.SYMBOLIC_LINK -> TarEntry.Type.SYMBOLIC_LINK;
            case TarFormat.DIRECTORY -> TarEntry.Type.DIRECTORY;
            case TarFormat.CHARACTER_DEVICE, TarFormat.BLOCK_DEVICE, TarFormat.FIFO -> TarEntry.Type.DEVICE;
            default -> TarEntry.Type.FOREIGN;
        };
    }

    private static Optional<TarPath> path(String name, LayerPlace place) throws LayerLimitException {
        if (name.length() > TarPath.MAX_BYTES) {
            throw place.overLimit("a name in the archive is longer than " + TarPath.MAX_BYTES + " bytes");
        }
        return TarPath.of(name);
    }

    private String longText(TarHeader header, LayerPlace place) throws IOException, LayerException {
        return TarHeader.beforeNul(new String(content(header, place), StandardCharsets.ISO_8859_1));
    }

    private byte[] content(TarHeader header, LayerPlace place) throws IOException, LayerException {
        if (header.lengthBytes() > budget.maxHeaderBytes()) {
            throw place.overLimit("an extended header of the archive is longer than " + budget.maxHeaderBytes()
                    + " bytes: " + header.lengthBytes());
        }
        expect(header.lengthBytes(), place);
        int length = (int) header.lengthBytes();
        byte[] content = in.readNBytes(length);
        offset += content.length;
        contentLeft -= content.length;
        if (content.length < length) {
            throw place.malformed("the archive ends within an extended header");
        }
        return content;
    }

    /** Content of this length follows, and fits. */
    private void expect(long length, LayerPlace place) throws LayerException {
        padding = (int) (-length & (TarFormat.BLOCK_BYTES - 1));
        if (lengthBytes.isEmpty()) {
            budget.takeUnpacked(length, place);
        } else if (length > lengthBytes.getAsLong() - offset) {
            throw place.malformed("the archive ends within an entry: " + length + " bytes should follow, and "
                    + (lengthBytes.getAsLong() - offset) + " are there");
        }
        if (length > Long.MAX_VALUE - offset - TarFormat.BLOCK_BYTES) {
            throw place.malformed("an entry of the archive is longer than 2^63 bytes");
        }
        contentLeft = length + padding;
    }

    private void skipContent() throws IOException, MalformedLayerException {
        LayerPlace place = place();
        while (contentLeft > 0) {
            long skipped = in.skip(contentLeft);
            if (skipped <= 0) {
                skipped = in.read() < 0 ? 0 : 1;
            }
            if (skipped == 0) {
                // The last block may be cut short behind its content.
                if (contentLeft <= padding) {
                    contentLeft = 0;
                    return;
                }
                throw place.malformed("the archive ends within an entry: " + contentLeft + " bytes are missing");
            }
            offset += skipped;
            contentLeft -= skipped;
        }
    }

    /** Whether there was another block. */
    private boolean readBlock() throws IOException, LayerException {
        LayerPlace place = place();
        if (lengthBytes.isEmpty()) {
            budget.takeUnpacked(TarFormat.BLOCK_BYTES, place);
        }
        int read = in.readNBytes(block, 0, TarFormat.BLOCK_BYTES);
        offset += read;
        if (read > 0 && read < TarFormat.BLOCK_BYTES) {
            throw place.malformed("the archive ends within a header");
        }
        return read > 0;
    }

    private boolean isEnd(LayerPlace place) throws IOException, LayerException {
        if (!isZero()) {
            return false;
        }
        if (readBlock() && !isZero()) {
            throw place.malformed("the archive has a block of zeros between its entries");
        }
        return true;
    }

    private boolean isZero() {
        for (byte each : block) {
            if (each != 0) {
                return false;
            }
        }
        return true;
    }
}
