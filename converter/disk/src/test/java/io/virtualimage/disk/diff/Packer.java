package io.virtualimage.disk.diff;

import io.virtualimage.disk.wrapper.Wrapper;

/** The programs that images come packed by. */
enum Packer {
    GZIP("gzip", Wrapper.GZIP),
    XZ("xz", Wrapper.XZ),
    ZSTD("zstd", Wrapper.ZSTD);

    private final String program;
    private final Wrapper wrapper;

    Packer(String program, Wrapper wrapper) {
        this.program = program;
        this.wrapper = wrapper;
    }

    String program() {
        return program;
    }

    Wrapper wrapper() {
        return wrapper;
    }
}
