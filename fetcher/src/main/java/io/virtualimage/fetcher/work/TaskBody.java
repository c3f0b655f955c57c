package io.virtualimage.fetcher.work;

import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;

/**
 * A source's bytes as a task reads them, through whatever stages them: tells how far it has come, and stops when the
 * task is to stop, by a {@link Halted} that comes out at the other end.
 */
final class TaskBody extends InputStream {
    private final InputStream in;
    private final TaskContext context;
    private long doneBytes;

    TaskBody(InputStream in, TaskContext context) {
        this.in = in;
        this.context = context;
    }

    /** Bytes read by now. */
    long doneBytes() {
        return doneBytes;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        try {
            context.checkpoint();
            int count = in.read(buffer, offset, length);
            if (count > 0) {
                doneBytes += count;
                context.progress(doneBytes);
            }
            return count;
        } catch (ReadingStoppedException e) {
            throw new Halted(e.getCause() instanceof Exception why ? why : e);
        } catch (TaskAbandonedException | InterruptedException e) {
            throw new Halted(e);
        } catch (InterruptedIOException e) {
            if (e instanceof SocketTimeoutException) {
                throw e;
            }
            Thread.interrupted(); // carried by the exception from here on
            throw new Halted(new InterruptedException(e.getMessage()));
        }
    }

    /** Does nothing: a store that closes what it was given must not end the source's stream. */
    @Override
    public void close() {}

    /** The task is to stop, whatever comes of the bytes. */
    static final class Halted extends IOException {
        private final Exception why;

        private Halted(Exception why) {
            super(why);
            this.why = why;
        }

        /** The reason to throw on; never returns otherwise. */
        TaskAbandonedException abandoned() throws InterruptedException {
            if (why instanceof InterruptedException interrupted) {
                throw interrupted;
            }
            return why instanceof TaskAbandonedException abandoned
                    ? abandoned
                    : new TaskAbandonedException(String.valueOf(why.getMessage()));
        }
    }
}
