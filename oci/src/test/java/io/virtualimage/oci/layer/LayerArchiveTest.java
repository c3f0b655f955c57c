package io.virtualimage.oci.layer;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.oci.Digest;
import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LayerArchiveTest {
    private static final byte[] TAR = new Tar()
            .pax('x', "comment=long")
            .file("etc/a", "12345")
            .symbolicLink("disk/link", "a")
            .file("disk/x", "the disk")
            .bytes();
    private static final int OFFSET = 1024 + 1024 + 512 + 512;

    private static OptionalLong fileAt(byte[] tar, long offset) throws Exception {
        return new LayerArchive(new ByteArrayInputStream(tar), Digest.sha256(tar), OptionalLong.of(tar.length))
                .fileAt(offset);
    }

    @Test
    void standsAtTheFile() throws Exception {
        ByteArrayInputStream in = new ByteArrayInputStream(TAR);
        LayerArchive archive = new LayerArchive(in, Digest.sha256(TAR), OptionalLong.empty());
        assertThat(archive.fileAt(OFFSET)).hasValue(8);
        assertThat(in.readNBytes(8)).asString().isEqualTo("the disk");
    }

    @Test
    void findsNothingWhereNoFileBegins() throws Exception {
        assertThat(fileAt(TAR, OFFSET)).hasValue(8);
        assertThat(fileAt(TAR, 1536)).hasValue(5);
        for (long offset : new long[] {0, 512, 1535, 1537, OFFSET - 512, OFFSET + 1, OFFSET + 512, TAR.length}) {
            assertThat(fileAt(TAR, offset)).as("at %d", offset).isEmpty();
        }
        assertThat(fileAt(Arrays.copyOf(TAR, OFFSET - 512), OFFSET)).isEmpty();
        byte[] damaged = TAR.clone();
        damaged[1024] ^= 1;
        assertThat(fileAt(damaged, OFFSET)).isEmpty();
    }
}
