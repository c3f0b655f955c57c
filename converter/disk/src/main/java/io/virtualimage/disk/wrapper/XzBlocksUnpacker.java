package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
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
    /** Those that no thread uses at present. */
    private final Queue<Reader> readers = new ConcurrentLinkedQueue<>();

    private final Deque<Block> underWay = new ArrayDeque<>();
    private long usedBytes;
    private int nextBlock;
    private BlockPipe.@Nullable Piece piece;
    private int inPiece;
    private long packedBytes;

    private record Block(BlockPipe pipe, long memoryBytes) {}

    /** @param packed what {@code plain} reads from */
    private record Reader(SeekableXZInputStream plain, SourceStream packed) {}

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
            long dictionary =
                    Math.min(memoryBytes, XzBlockHeader.dictionaryBytes(source, index.getBlockCompPos(nextBlock)));
            long free = memoryBytes - usedBytes - dictionary - DECODER_BYTES;
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
            long memory = dictionary + DECODER_BYTES + pieces * BlockPipe.PIECE_BYTES;
            underWay.add(new Block(pipe, memory));
            usedBytes += memory;
            threads.execute(() -> unpack(block, pipe));
        }
    }

    private void unpack(int block, BlockPipe pipe) {
        Throwable failure = null;
        try {
            unpackBlock(block, pipe);
        } catch (Throwable e) {
            // Errors as well, of memory above all: the reader would wait for ever.
            failure = e;
        }
        pipe.end(failure);
    }

    private void unpackBlock(int block, BlockPipe pipe) throws IOException, DiskException {
        Reader idle = readers.poll();
        SourceStream packed = idle == null ? new SourceStream(source) : idle.packed();
        try {
            SeekableXZInputStream plain =
                    idle == null ? new SeekableXZInputStream(packed, memoryKib, true) : idle.plain();
            plain.seekToBlock(block);
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
            readers.add(new Reader(plain, packed));
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
