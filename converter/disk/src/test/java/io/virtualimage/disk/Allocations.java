package io.virtualimage.disk;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** How much memory was asked for, whether or not it is still in use. */
public final class Allocations {
    private Allocations() {}

    /** Bytes of the heap that the current thread has allocated since it began. */
    public static long ofThisThread() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
