package io.virtualimage.disk.zstd;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Decodes frames one after the other, block by block (section 3.1). Checks the size and the checksum that a frame tells.
 * Keeps its memory for the next input.
 */
final class FrameDecoder {
    private final PackedInput input;
    private final int maxWindowBytes;
    private final Window window = new Window();
    private final Literals literals = new Literals();
    private final Sequences sequences = new Sequences();
    private final XxHash64 hash = new XxHash64();
    private @Nullable FrameHeader frame;
    private boolean begun;
    private int from;
    private int length;

    FrameDecoder(PackedInput input, int maxWindowBytes) {
        this.input = input;
        this.maxWindowBytes = maxWindowBytes;
    }

    /** Forgets what was begun: the input is a new one. */
    void restart() {
        frame = null;
        begun = false;
        length = 0;
    }

    /** Decodes up to the end of the frame, unless more bytes come before it. */
    void finish() throws IOException, DiskException {
        length = 0;
        while (length == 0 && frame != null) {
            nextBlock(frame);
        }
    }

    /** Where the bytes of the last block are. */
    byte[] bytes() {
        return window.bytes();
    }

    /** Index of the first of them. */
    int from() {
        return from;
    }

    /** How many bytes the last block has. */
    int length() {
        return length;
    }

    /**
     * Decodes blocks until one has bytes.
     *
     * @return false if there are no more: the input ends behind a frame
     */
    boolean next() throws IOException, DiskException {
        length = 0;
        while (length == 0) {
            if (frame != null) {
                nextBlock(frame);
            } else if (!input.has(1) && begun) {
                return false;
            } else {
                nextFrame();
            }
        }
        return true;
    }

    private void nextFrame() throws IOException, DiskException {
        input.require(ZstdFormat.MAGIC_BYTES, "the first bytes of a frame");
        int magic = LittleEndian.u32(input.bytes(), input.position());
        if ((magic & ZstdFormat.SKIPPABLE_MASK) == ZstdFormat.SKIPPABLE_MAGIC) {
            String part = "a frame that is skipped";
            input.require(ZstdFormat.SKIPPABLE_HEADER_BYTES, part);
            int count = LittleEndian.u32(input.bytes(), input.position() + ZstdFormat.MAGIC_BYTES);
            input.advance(ZstdFormat.SKIPPABLE_HEADER_BYTES);
            input.skip(Integer.toUnsignedLong(count), part);
            begun = true;
            return;
        }
        if (magic == ZstdFormat.LEGACY_MAGIC_1
                || (magic >= ZstdFormat.LEGACY_MAGIC_2 && magic <= ZstdFormat.LEGACY_MAGIC_7)) {
            throw new UnsupportedDiskException(
                    input.offset(),
                    "zstd: the frame at offset 0x%x is of a version before 0.8, which is not supported"
                            .formatted(input.offset()));
        }
        if (magic != ZstdFormat.MAGIC) {
            throw new MalformedDiskException(
                    input.offset(),
                    begun
                            ? "zstd: what follows the last frame is no frame; is there something behind the end?"
                            : "zstd: there is no frame");
        }
        FrameHeader header = FrameHeader.read(input, maxWindowBytes);
        window.start(header.windowBytes());
        literals.reset();
        sequences.reset();
        hash.reset();
        begun = true;
        frame = header;
    }

    private void nextBlock(FrameHeader header) throws IOException, DiskException {
        input.require(ZstdFormat.BLOCK_HEADER_BYTES, "the header of a block");
        int start = input.position();
        int blockHeader = LittleEndian.u24(input.bytes(), start);
        int type = blockHeader >>> 1 & 3;
        int size = blockHeader >>> 3;
        if (size > header.maxBlockBytes()) {
            throw input.malformed(
                    start,
                    "a block of %d bytes is larger than the frame allows, %d".formatted(size, header.maxBlockBytes()));
        }
        int packed = type == ZstdFormat.BLOCK_RLE ? 1 : size;
        input.advance(ZstdFormat.BLOCK_HEADER_BYTES);
        input.require(packed, "a block");
        window.reserve(header.maxBlockBytes());
        from = window.at();
        length = decode(header, type, size);
        input.advance(packed);
        window.advance(length);
        if (header.contentBytes() >= 0 && window.produced() > header.contentBytes()) {
            throw wrongSize(header);
        }
        if (header.checksum()) {
            hash.update(window.bytes(), from, length);
        }
        if ((blockHeader & 1) != 0) {
            end(header);
        }
    }

    /** Decodes the block that the input stands at, into the window. */
    private int decode(FrameHeader header, int type, int size) throws MalformedDiskException {
        int start = input.position();
        switch (type) {
            case ZstdFormat.BLOCK_RAW -> System.arraycopy(input.bytes(), start, window.bytes(), from, size);
            case ZstdFormat.BLOCK_RLE -> Arrays.fill(window.bytes(), from, from + size, input.bytes()[start]);
            case ZstdFormat.BLOCK_COMPRESSED -> {
                int end = start + size;
                int sequencesAt = literals.read(input, start, end, header.maxBlockBytes());
                int stream = sequences.readHead(input, sequencesAt, end);
                return sequences.execute(input, stream, end, literals, window, header.maxBlockBytes());
            }
            default -> throw input.malformed(start, "a block is of the reserved type");
        }
        return size;
    }

    private void end(FrameHeader header) throws IOException, DiskException {
        if (header.contentBytes() >= 0 && window.produced() != header.contentBytes()) {
            throw wrongSize(header);
        }
        if (header.checksum()) {
            input.require(ZstdFormat.CHECKSUM_BYTES, "the checksum of a frame");
            int expected = LittleEndian.u32(input.bytes(), input.position());
            int found = (int) hash.value();
            if (found != expected) {
                throw input.malformed(
                        input.position(),
                        "the checksum of the frame at 0x%x should be %08x, but is %08x"
                                .formatted(header.offset(), expected, found));
            }
            input.advance(ZstdFormat.CHECKSUM_BYTES);
        }
        frame = null;
    }

    private MalformedDiskException wrongSize(FrameHeader header) {
        return new MalformedDiskException(
                header.offset(),
                "zstd: the frame says that it unpacks to %d bytes, but these are %d"
                        .formatted(header.contentBytes(), window.produced()));
    }
}
