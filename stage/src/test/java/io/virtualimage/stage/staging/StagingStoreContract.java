package io.virtualimage.stage.staging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.stage.staging.StagingStore.Overwrite;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentSet;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** What every staging store promises; run on the fake and on the real ones. */
public abstract class StagingStoreContract {
    private static final int BLOCK = SegmentFacts.BLOCK_BYTES;
    private static final String SESSION = "0123456789abcdef";

    private final String uid = UUID.randomUUID().toString();

    /** The store to test; may hold other images' objects. */
    protected abstract StagingStore store() throws Exception;

    @Test
    void aSegmentComesBackWithItsFacts() throws Exception {
        for (int length : new int[] {1, 511, BLOCK, BLOCK + 1, 3 * BLOCK + 17, 1 << 20}) {
            byte[] bytes = random(length);
            SegmentKey key = SegmentKey.source(image(1, 0), 0, length);
            SegmentFacts facts = put(key, null, bytes, Overwrite.ALLOW);
            assertThat(facts).isEqualTo(new SegmentFacts(length, crc(bytes), SegmentSet.EMPTY, null));
            assertThat(store().facts(key)).contains(facts);
            assertThat(store().read(key, null)).isEqualTo(bytes);
        }
    }

    @Test
    void zeroBlocksAreTold() throws Exception {
        byte[] bytes = new byte[10 * BLOCK + 5];
        bytes[3 * BLOCK] = 1; // leading zeros are read before anything is sent
        bytes[9 * BLOCK - 1] = 1;
        SegmentKey key = SegmentKey.source(image(1, 0), 0, 0);
        SegmentFacts facts = put(key, SESSION, bytes, Overwrite.REFUSE);
        assertThat(facts.zeroBlocks()).isEqualTo(SegmentSet.parse("0-2,4-7,9-10"));
        assertThat(facts.allZero()).isFalse();
        assertThat(store().facts(key)).contains(facts);
        assertThat(store().read(key, SESSION)).isEqualTo(bytes);
    }

    @Test
    void aSegmentOfZerosHasNoObject() throws Exception {
        SegmentKey key = SegmentKey.source(image(1, 0), 0, 0);
        assertThat(put(key, null, new byte[3 * BLOCK + 1], Overwrite.ALLOW).allZero())
                .isTrue();
        assertThat(store().facts(key)).isEmpty();
        assertThatThrownBy(() -> store().read(key, null)).isInstanceOf(SegmentLostException.class);
    }

    @Test
    void anotherStreamsSegmentIsNotTakenForOurs() throws Exception {
        SegmentKey key = SegmentKey.source(image(1, 0), 0, 0);
        put(key, SESSION, random(100), Overwrite.ALLOW);
        assertThatThrownBy(() -> store().read(key, "fedcba9876543210")).isInstanceOf(SegmentLostException.class);
        assertThatThrownBy(() -> store().read(key, null)).isInstanceOf(SegmentLostException.class);
    }

    @Test
    void refusalLeavesWhatIsThere() throws Exception {
        SegmentKey key = SegmentKey.source(image(1, 0), 0, 0);
        byte[] first = random(BLOCK);
        put(key, SESSION, first, Overwrite.REFUSE);
        byte[] second = random(BLOCK);
        assertThat(store().put(key, "fedcba9876543210", BLOCK, new ByteArrayInputStream(second), Overwrite.REFUSE))
                .isEmpty();
        assertThat(store().read(key, SESSION)).isEqualTo(first);
        put(key, SESSION, second, Overwrite.ALLOW);
        assertThat(store().read(key, SESSION)).isEqualTo(second);
    }

    @Test
    void aBodyThatEndsEarlyLeavesNothing() throws Exception {
        SegmentKey key = SegmentKey.source(image(1, 0), 0, 0);
        assertThatThrownBy(() ->
                        store().put(key, null, 5 * BLOCK, new ByteArrayInputStream(random(3 * BLOCK)), Overwrite.ALLOW))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("%d of %d", 3 * BLOCK, 5 * BLOCK);
        assertThat(store().facts(key)).isEmpty();
    }

    @Test
    void whatTheBodyThrowsComesThrough() throws Exception {
        IOException thrown = new IOException("the source broke");
        InputStream body = new FilterInputStream(new ByteArrayInputStream(random(2 * BLOCK))) {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                int read = super.read(into, offset, length);
                if (read < 0) {
                    throw thrown;
                }
                return read;
            }
        };
        SegmentKey key = SegmentKey.source(image(1, 0), 0, 0);
        assertThatThrownBy(() -> store().put(key, null, 4 * BLOCK, body, Overwrite.ALLOW))
                .isSameAs(thrown);
        assertThat(store().facts(key)).isEmpty();
    }

    @Test
    void aDocumentIsReplaced() throws Exception {
        assertThat(store().getDocument(image(1, 0), 0, "push.json")).isEmpty();
        store().putDocument(image(1, 0), 0, "push.json", new byte[] {1});
        store().putDocument(image(1, 0), 0, "push.json", new byte[] {2, 3});
        assertThat(store().getDocument(image(1, 0), 0, "push.json")).contains(new byte[] {2, 3});
        assertThat(store().getDocument(image(1, 0), 1, "push.json")).isEmpty();
    }

    @Test
    void cleaningTakesTheVersionsThatItNames() throws Exception {
        for (Incarnation version : new Incarnation[] {image(1, 0), image(2, 0), image(2, 1), image(10, 0)}) {
            put(SegmentKey.source(version, 0, 0), null, random(10), Overwrite.ALLOW);
            put(SegmentKey.source(version, 3, 1), null, random(10), Overwrite.ALLOW);
            store().putDocument(version, 0, "push.json", new byte[] {1});
        }
        assertThat(store().stagedUids()).contains(uid);

        store().clean(image(2, 1), true);
        assertThat(staged(image(1, 0))).isFalse();
        assertThat(staged(image(2, 0))).isFalse();
        assertThat(staged(image(2, 1))).isTrue();
        assertThat(staged(image(10, 0))).isTrue();

        store().clean(image(2, 1), false);
        assertThat(staged(image(2, 1))).isFalse();
        assertThat(store().getDocument(image(2, 1), 0, "push.json")).isEmpty();
        assertThat(staged(image(10, 0))).isTrue();

        store().cleanAll(uid);
        assertThat(staged(image(10, 0))).isFalse();
        assertThat(store().stagedUids()).doesNotContain(uid);
        store().cleanAll(uid);
    }

    private boolean staged(Incarnation image) throws Exception {
        return store().facts(SegmentKey.source(image, 0, 0)).isPresent()
                || store().facts(SegmentKey.source(image, 3, 1)).isPresent();
    }

    private SegmentFacts put(SegmentKey key, String session, byte[] bytes, Overwrite overwrite) throws Exception {
        return store().put(key, session, bytes.length, new ByteArrayInputStream(bytes), overwrite)
                .orElseThrow();
    }

    private Incarnation image(long generation, long run) {
        return new Incarnation("default", "image", uid, generation, run);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static long crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return crc.getValue();
    }
}
