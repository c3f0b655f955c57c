package io.virtualimage.disk.convert;

import io.virtualimage.disk.DiskException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where several threads get their portions from. */
interface Portions {
    /** The next portion, waiting for it if need be; null if there are no more. */
    @Nullable
    Portion next() throws IOException, DiskException;

    /** No more portions are wanted. */
    void stop();
}
