package io.virtualimage.disk;

class MemoryByteSourceTest extends ByteSourceContract {
    @Override
    protected ByteSource sourceOf(byte[] bytes) {
        return new MemoryByteSource(bytes);
    }
}
