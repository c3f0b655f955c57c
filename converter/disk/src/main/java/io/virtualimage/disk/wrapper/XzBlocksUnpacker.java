package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.SeekableXZInputStream;
import org.tukaani.xz.XZIOException;

/**
 * Unpacks the blocks of an xz file by several threads, and gives them out in order. A block is begun when there is memory
 * for its dictionary and for all of its bytes beside the blocks that are under way; the one that is read next is begun in
 * any case, and if its bytes are too many, unpacked only as fast as it is read.
 */
final class XzBlocksUnpacker implements Unpacker {
    /** Memory for the index, which tells where blocks begin, in each thread: enough for 60,000 blocks. */
    private static final int MAX_INDEX_KIB = 1024;

    /** What a decoder needs beside its dictionary, in bytes. */
    private static final int DECODER_BYTES = 512 << 10;

    /** A block that is too large to be unpacked in advance has so many pieces in memory. */
    private static final int MIN_PIECES = 4;

    private final ByteSource source;
    private final SeekableXZInputStream index;
    private final int memoryBytes;
    /** For a reader's index and its decoder together. */
    private final int memoryKib;

    private final int workers;
    private final ExecutorService threads;
    /** Those that no block uses at present; they keep their dictionaries for the next one. */
    private final Deque<Reader> readers = new ArrayDeque<>();

    private final Deque<Block> underWay = new ArrayDeque<>();
    private long usedBytes;
    /** The largest dictionary of the blocks that were begun, in bytes. What a reader keeps is no larger. */
    private long largestDictionary;

    private int nextBlock;
    private BlockPipe.@Nullable Piece piece;
    private int inPiece;
    private long packedBytes;

    private record Block(BlockPipe pipe, Reader reader, long memoryBytes) {}

    /** Reads one block at a time. Belongs to the thread that unpacks it, until its pipe has ended. */
    private final class Reader {
        private final SourceStream packed = new SourceStream(source);
        private @Nullable SeekableXZInputStream plain;

        /** The index is read by the thread that needs it first. */
        SeekableXZInputStream at(int block) throws IOException {
            if (plain == null) {
                plain = new SeekableXZInputStream(packed, memoryKib, true, new SpareArrays());
            }
            plain.seekToBlock(block);
            return plain;
        }
    }

    private XzBlocksUnpacker(ByteSource source, SeekableXZInputStream index, int memoryBytes, int workers) {
        this.source = source;
        this.index = index;
        this.memoryBytes = memoryBytes;
        this.memoryKib = (memoryBytes >>> 10) + index.getIndexMemoryUsage();
        this.workers = workers;
        this.threads = Executors.newFixedThreadPool(
                workers, Thread.ofPlatform().name("xz-", 0).daemon().factory());
    }

    /**
     * Reads the indexes from the end of the file on.
     *
     * @return null if it can't be read in this way, or there is nothing to be won: then it must be read from its start,
     *     where it also shows what is wrong with it
     */
    static @Nullable XzBlocksUnpacker open(ByteSource source, int memoryBytes, int workers) throws IOException {
        SourceStream stream = new SourceStream(source);
        try {
            SeekableXZInputStream index = new SeekableXZInputStream(stream, MAX_INDEX_KIB, true);
            return isWorthIt(index) ? new XzBlocksUnpacker(source, index, memoryBytes, workers) : null;
        } catch (XZIOException | EOFException | IndexOutOfBoundsException | IllegalArgumentException e) {
            return null;
        }
    }

    /** Blocks without content can't be sought, but may be damaged; no program writes them. */
    private static boolean isWorthIt(SeekableXZInputStream index) {
        int blocks = index.getBlockCount();
        return blocks > 1 && IntStream.range(0, blocks).allMatch(block -> index.getBlockSize(block) > 0);
    }

    @Override
    public long packedBytes() {
        return packedBytes;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException, DiskException {
        while (piece == null || inPiece == piece.bytes().length) {
            begin();
            Block first = underWay.peek();
            if (first == null) {
                return -1;
            }
            inPiece = 0;
            piece = first.pipe().take();
            if (piece == null) {
                usedBytes -= first.memoryBytes();
                underWay.remove();
                readers.push(first.reader());
            } else {
                packedBytes = piece.packedBytes();
            }
        }
        int some = Math.min(count, piece.bytes().length - inPiece);
        System.arraycopy(piece.bytes(), inPiece, target, offset, some);
        inPiece += some;
        return some;
    }

    /** Begins as many blocks as may be under way. */
    private void begin() throws IOException {
        while (nextBlock < index.getBlockCount() && underWay.size() < workers) {
            long plainBytes = index.getBlockSize(nextBlock);
            long dictionary = XzBlockHeader.dictionaryBytes(source, index.getBlockCompPos(nextBlock));
            // Also where this block needs less: its reader may have a larger one from a block before.
            largestDictionary = Math.max(largestDictionary, Math.min(memoryBytes, dictionary));
            long readerBytes = largestDictionary + DECODER_BYTES;
            long free = memoryBytes - usedBytes - readerBytes;
            long pieces = Math.ceilDiv(plainBytes, BlockPipe.PIECE_BYTES);
            long fitting = Math.max(0, free / BlockPipe.PIECE_BYTES);
            if (pieces > fitting) {
                if (!underWay.isEmpty()) {
                    return;
                }
                pieces = Math.max(MIN_PIECES, fitting);
            }
            int block = nextBlock++;
            BlockPipe pipe = new BlockPipe((int) Math.max(1, pieces));
            long memory = readerBytes + pieces * BlockPipe.PIECE_BYTES;
            Reader reader = readers.isEmpty() ? new Reader() : readers.pop();
            underWay.add(new Block(pipe, reader, memory));
            usedBytes += memory;
            while (usedBytes + readers.size() * readerBytes > memoryBytes && !readers.isEmpty()) {
                readers.removeLast();
            }
            threads.execute(() -> unpack(block, reader, pipe));
        }
    }

    private static void unpack(int block, Reader reader, BlockPipe pipe) {
        Throwable failure = null;
        try {
            unpackBlock(block, reader, pipe);
        } catch (Throwable e) {
            // Errors as well, of memory above all: the reader would wait for ever.
            failure = e;
        }
        pipe.end(failure);
    }

    private static void unpackBlock(int block, Reader reader, BlockPipe pipe) throws IOException, DiskException {
        SourceStream packed = reader.packed;
        try {
            SeekableXZInputStream plain = reader.at(block);
            for (long left = plain.getBlockSize(block); left > 0; ) {
                byte[] bytes = new byte[(int) Math.min(left, BlockPipe.PIECE_BYTES)];
                // With its last byte, the block's check is verified.
                if (plain.readNBytes(bytes, 0, bytes.length) < bytes.length) {
                    throw XzFailure.cutShort(packed.position());
                }
                if (!pipe.put(new BlockPipe.Piece(bytes, packed.position()))) {
                    return;
                }
                left -= bytes.length;
            }
        } catch (XZIOException e) {
            throw XzFailure.of(e, packed.position());
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw XzFailure.of(e, packed.position());
        }
    }

    @Override
    public void close() throws IOException {
        underWay.forEach(block -> block.pipe().abandon());
        threads.shutdown();
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = threads.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
