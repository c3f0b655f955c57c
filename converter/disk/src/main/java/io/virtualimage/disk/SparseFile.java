package io.virtualimage.disk;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Where the holes of a file are, and what it takes of its file system: the JDK has no way to ask. Opens the file a second
 * time, and asks Linux; reads no byte of it. Safe for use by several threads.
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/lseek.2.html">lseek(2)</a>
 * @see <a href="https://man7.org/linux/man-pages/man2/statx.2.html">statx(2)</a>
 */
final class SparseFile implements AutoCloseable {
    // The numbers are those of Linux's generic interface, which all 64-bit platforms of the JDK share.
    private static final int O_RDONLY_CLOEXEC = 0x80000;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;
    private static final int ENXIO = 6;
    private static final int AT_FDCWD = -100;
    private static final int STATX_BLOCKS = 0x400;
    private static final int STATX_BYTES = 256;
    private static final int STATX_BLOCKS_OFFSET = 48;
    private static final int STATX_BLOCK_BYTES = 512;

    /** There is nothing of what was looked for up to the end of the file. */
    private static final long NONE = -1;

    private static final long UNKNOWN = -2;

    /** A part of the file; what is not known to be a hole is none. */
    private record Run(long start, long end, boolean isHole) {}

    private final int descriptor;
    /** What was found last: to look for the end of a run takes file systems the longer, the longer it is. */
    private volatile Run last = new Run(0, 0, false);

    private SparseFile(int descriptor) {
        this.descriptor = descriptor;
    }

    /**
     * Opens the file at {@code path} where that can be done: on 64-bit Linux, if the JVM was started with {@code
     * --enable-native-access}.
     *
     * @param fileKey the {@linkplain BasicFileAttributes#fileKey key} of the file that is meant, whose name another may
     *     have got since
     */
    static Optional<SparseFile> open(Path path, Object fileKey) {
        if (!canAsk()) {
            return Optional.empty();
        }
        int descriptor;
        try (Arena arena = Arena.ofConfined()) {
            descriptor = (int) Calls.OPEN.invokeExact(arena.allocateFrom(path.toString()), O_RDONLY_CLOEXEC);
        } catch (Throwable e) {
            throw neverThrown(e);
        }
        if (descriptor < 0) {
            return Optional.empty();
        }
        SparseFile file = new SparseFile(descriptor);
        if (!fileKey.equals(file.key())) {
            file.close();
            return Optional.empty();
        }
        return Optional.of(file);
    }

    /** What the file at {@code path} takes of its file system, in bytes. */
    static OptionalLong allocatedBytes(Path path) {
        if (!canAsk() || Status.STATX == null) {
            return OptionalLong.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(STATX_BYTES, Long.BYTES);
            int result = (int)
                    Status.STATX.invokeExact(AT_FDCWD, arena.allocateFrom(path.toString()), 0, STATX_BLOCKS, status);
            long blocks = status.asByteBuffer().order(ByteOrder.nativeOrder()).getLong(STATX_BLOCKS_OFFSET);
            return result == 0 ? OptionalLong.of(blocks * STATX_BLOCK_BYTES) : OptionalLong.empty();
        } catch (Throwable e) {
            throw neverThrown(e);
        }
    }

    private static boolean canAsk() {
        return SparseFile.class.getModule().isNativeAccessEnabled()
                && "Linux".equals(System.getProperty("os.name"))
                && ADDRESS.byteSize() == Long.BYTES;
    }

    private @Nullable Object key() {
        try {
            return Files.readAttributes(Path.of("/proc/self/fd/" + descriptor), BasicFileAttributes.class)
                    .fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** How many bytes from {@code offset} on are a hole: 0 if it begins with data, or nothing is known. */
    long holeBytes(long offset, long maxBytes) {
        Run run = runAt(offset);
        return run.isHole() ? Math.min(run.end() - offset, maxBytes) : 0;
    }

    /** How many bytes there are from {@code offset} on before a hole: {@code maxBytes} if none is known. */
    long bytesBeforeHole(long offset, long maxBytes) {
        Run run = runAt(offset);
        return run.isHole() ? 0 : Math.min(run.end() - offset, maxBytes);
    }

    private Run runAt(long offset) {
        Run run = last;
        if (offset < run.start() || offset >= run.end()) {
            run = find(offset);
            last = run;
        }
        return run;
    }

    private Run find(long offset) {
        long data = seek(offset, SEEK_DATA);
        if (data == NONE) {
            return new Run(offset, Long.MAX_VALUE, true);
        }
        if (data > offset) {
            return new Run(offset, data, true);
        }
        long hole = data == offset ? seek(offset, SEEK_HOLE) : UNKNOWN;
        return new Run(offset, hole > offset ? hole : Long.MAX_VALUE, false);
    }

    private long seek(long offset, int whence) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Calls.STATE);
            long found = (long) Calls.LSEEK.invokeExact(state, descriptor, offset, whence);
            if (found >= 0) {
                return found;
            }
            return (int) Calls.ERRNO.get(state, 0L) == ENXIO ? NONE : UNKNOWN;
        } catch (Throwable e) {
            throw neverThrown(e);
        }
    }

    @Override
    public void close() {
        try {
            int ignored = (int) Calls.CLOSE.invokeExact(descriptor);
        } catch (Throwable e) {
            throw neverThrown(e);
        }
    }

    /** Functions of C throw nothing; what comes is the JVM's own trouble. */
    private static RuntimeException neverThrown(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(e);
    }

    /** Linked when the first file is opened. */
    private static final class Calls {
        static final MemoryLayout STATE = Linker.Option.captureStateLayout();
        static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
        static final MethodHandle OPEN = required(link("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT)));
        static final MethodHandle CLOSE = required(link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT)));
        static final MethodHandle LSEEK = required(link(
                "lseek",
                FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT),
                Linker.Option.captureCallState("errno")));

        private Calls() {}
    }

    /** Apart from the others, since each function takes some milliseconds to link. */
    private static final class Status {
        /** Null in old C libraries. */
        static final @Nullable MethodHandle STATX =
                link("statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));

        private Status() {}
    }

    @SuppressWarnings("restricted")
    private static @Nullable MethodHandle link(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup().find(name);
        return function.isPresent() ? linker.downcallHandle(function.get(), type, options) : null;
    }

    private static MethodHandle required(@Nullable MethodHandle function) {
        if (function == null) {
            throw new UnsatisfiedLinkError("the C library lacks a function of POSIX");
        }
        return function;
    }
}
