package io.virtualimage.oci.layer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.oci.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TarReaderTest {

    private static final Digest LAYER = Digest.sha256("layer".getBytes(UTF_8));
    private static final ScanLimits LIMITS = new ScanLimits(100, 4096, 1 << 20);

    @Test
    void readsPlainEntries() throws LayerException {
        byte[] tar = new Tar()
                .directory("disk/")
                .file("disk/a.img", "hello")
                .hardLink("disk/b", "disk/a.img")
                .symbolicLink("disk/c", "../x")
                .file("empty", "")
                .bytes();
        List<TarEntry> entries = read(tar);
        assertThat(entries).extracting(Object::toString).hasSize(5);
        assertThat(entries)
                .extracting(TarEntry::type)
                .containsExactly(
                        TarEntry.Type.DIRECTORY,
                        TarEntry.Type.REGULAR,
                        TarEntry.Type.HARD_LINK,
                        TarEntry.Type.SYMBOLIC_LINK,
                        TarEntry.Type.REGULAR);
        assertThat(names(tar)).containsExactly("disk", "disk/a.img", "disk/b", "disk/c", "empty");
        TarEntry file = entries.get(1);
        assertThat(new String(tar, (int) file.offsetBytes(), (int) file.lengthBytes(), UTF_8))
                .isEqualTo("hello");
        assertThat(entries.get(2).target()).isEqualTo(new TarPath("disk/a.img"));
    }

    @ParameterizedTest
    @CsvSource({
        "./disk/x, disk/x",
        "/disk/x, disk/x",
        "disk//x, disk/x",
        "././/disk/./x/, disk/x",
        "., ''",
        "/, ''",
        "..a/..., ..a/...",
    })
    void normalisesNames(String name, String path) throws LayerException {
        assertThat(names(new Tar().file(name, "").bytes())).containsExactly(path);
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "../disk/x", "disk/../x", "a/../disk/x", "disk/x/.."})
    void putsWhatClimbsNowhere(String name) throws LayerException {
        assertThat(read(new Tar().file(name, "").bytes()).getFirst().path()).isNull();
    }

    @Test
    void knowsDirectoriesOfOldByTheirSlash() throws LayerException {
        byte[] old = new Tar.Header("disk/", '\0').put(257, "\0\0\0\0\0\0\0\0").bytes();
        assertThat(read(new Tar().raw(old).bytes()).getFirst().type()).isEqualTo(TarEntry.Type.DIRECTORY);
        byte[] file = new Tar.Header("disk/x", '\0')
                .put(257, "\0\0\0\0\0\0\0\0")
                .put(345, "junk")
                .bytes();
        assertThat(names(new Tar().raw(file).bytes())).containsExactly("disk/x");
    }

    @Test
    void joinsPrefixAndName() throws LayerException {
        byte[] posix = new Tar.Header("x", '0').put(345, "disk/deep").bytes();
        byte[] star = new Tar.Header("x", '0')
                .put(345, "disk/" + "d".repeat(126) + "12345670123\0")
                .put(508, "tar\0")
                .bytes();
        byte[] gnu = new Tar.Header("x", '0')
                .put(257, "ustar  \0")
                .put(345, "12345670123")
                .bytes();
        assertThat(names(new Tar().raw(posix).raw(star).raw(gnu).bytes()))
                .containsExactly("disk/deep/x", "disk/" + "d".repeat(126) + "/x", "x");
    }

    @Test
    void readsExtendedHeaders() throws LayerException {
        String longName = "disk/" + "n".repeat(180);
        byte[] tar = new Tar()
                .pax('g', "comment=x", "path=global", "linkpath=lg")
                .pax('x', "path=" + longName, "size=5", "mtime=1.5")
                .raw(new Tar.Header("short", '0').size(0).bytes())
                .content("hello".getBytes(UTF_8))
                .file("a", "1")
                .pax('x', "path=", "linkpath=диск")
                .hardLink("b", "c")
                .hardLink("d", "e")
                .bytes();
        List<TarEntry> entries = read(tar);
        assertThat(names(tar)).containsExactly(longName, "global", "b", "global");
        assertThat(entries.get(0).lengthBytes()).isEqualTo(5);
        assertThat(entries.get(2).target()).hasToString("диск");
        assertThat(entries.get(3).target()).hasToString("lg");
    }

    @Test
    void readsLongNamesOfGnu() throws LayerException {
        byte[] name = ("disk/" + "n".repeat(180) + "\0").getBytes(UTF_8);
        byte[] link = ("disk/" + "k".repeat(180) + "\0").getBytes(UTF_8);
        byte[] tar = new Tar()
                .extension('K', link)
                .extension('L', name)
                .pax('x', "path=other")
                .hardLink("short", "short")
                .file("next", "")
                .bytes();
        assertThat(names(tar)).containsExactly("disk/" + "n".repeat(180), "next");
        assertThat(read(tar).getFirst().target().bytes()).isEqualTo("disk/" + "k".repeat(180));
    }

    @Test
    void readsNumbersAsTheyAreWritten() throws LayerException {
        byte[] five = "hello".getBytes(UTF_8);
        for (String size :
                List.of("00000000005\0", "000000000005", "          5 ", "5\0\0\0\0\0\0\0\0\0\0\0", "5\0junk      ")) {
            byte[] header = new Tar.Header("x", '0').put(124, size).bytes();
            assertThat(read(new Tar().raw(header).content(five).bytes())
                            .getFirst()
                            .lengthBytes())
                    .as(size)
                    .isEqualTo(5);
        }
        byte[] blank = new Tar.Header("x", '5').put(124, "            ").bytes();
        assertThat(read(new Tar().raw(blank).bytes())).hasSize(1);
        byte[] binary = new Tar.Header("x", '0').binarySize(5).bytes();
        assertThat(read(new Tar().raw(binary).content(five).bytes()).getFirst().lengthBytes())
                .isEqualTo(5);
    }

    @Test
    void takesBothChecksums() throws LayerException {
        Tar.Header header = new Tar.Header("\u00ff\u00fe", '0');
        assertThat(header.bytes(true)).isNotEqualTo(header.bytes(false));
        assertThat(read(new Tar()
                        .raw(header.bytes(true))
                        .raw(header.bytes(false))
                        .bytes()))
                .hasSize(2);
        byte[] wrong = header.bytes();
        wrong[0] ^= 1;
        assertMalformed(new Tar().file("a", "").raw(wrong).bytes(), 512, "checksum");
    }

    @Test
    void keepsNamesApartThatAreNoText() throws LayerException {
        byte[] tar = new Tar().file("disk/\u00ff", "").file("disk/\u00fe", "").bytes();
        List<TarEntry> entries = read(tar);
        assertThat(entries.get(0).path()).isNotEqualTo(entries.get(1).path());
        assertThat(entries.get(0).path()).hasToString("disk/\ufffd");
        assertThat(new TarPath("a\u001b[1m\nb")).hasToString("a?[1m?b");
        assertThat(new TarPath("n".repeat(4000)).toString()).hasSizeLessThan(300);
    }

    @Test
    void knowsSparseFiles() throws LayerException {
        byte[] more = new byte[512];
        more[504] = 1;
        byte[] old = new Tar.Header("s", 'S').size(5).put(482, "\1").bytes();
        byte[] tar = new Tar()
                .raw(old)
                .raw(more)
                .raw(new byte[512])
                .content("hello".getBytes(UTF_8))
                .pax('x', "GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=real")
                .file("GNUSparseFile.0/real", "map")
                .file("after", "")
                .bytes();
        assertThat(read(tar)).extracting(TarEntry::sparse).containsExactly(true, true, false);
        assertThat(names(tar)).containsExactly("s", "real", "after");
        assertThat(read(tar).getFirst().offsetBytes()).isEqualTo(1536);
    }

    @Test
    void skipsWhatItDoesNotKnowAndContentsThatAreNone() throws LayerException {
        byte[] volume = new Tar.Header("label", 'V').bytes();
        byte[] own = new Tar.Header("own", 'Z').size(3).bytes();
        byte[] directory = new Tar.Header("disk/", '5').size(4096).bytes();
        byte[] tar = new Tar()
                .raw(volume)
                .raw(own)
                .content(new byte[3])
                .raw(directory)
                .file("x", "")
                .bytes();
        assertThat(names(tar)).containsExactly("label", "own", "disk", "x");
    }

    @Test
    void endsWhereTheArchiveEnds() throws LayerException {
        byte[] tar = new Tar().file("a", "hello").bytes();
        assertThat(names(Arrays.copyOf(tar, 1024))).containsExactly("a");
        assertThat(names(Arrays.copyOf(tar, 1024 + 512))).containsExactly("a");
        assertThat(names(Arrays.copyOf(tar, 512 + 5))).containsExactly("a");
        assertThat(names(Arrays.copyOf(tar, tar.length + 512))).containsExactly("a");
        assertThat(names(new Tar().raw(tar).file("behind", "").bytes())).containsExactly("a");
        assertThat(names(new byte[0])).isEmpty();
        assertThat(names(new byte[1024])).isEmpty();
    }

    @Test
    void refusesWhatIsMalformed() {
        byte[] tar = new Tar().file("a", "hello").bytes();
        assertMalformed(Arrays.copyOf(tar, 100), 0, "ends within a header");
        assertMalformed(Arrays.copyOf(tar, 512 + 4), 0, "ends within an entry");
        assertMalformed(new Tar().raw(new byte[512]).file("a", "").bytes(), 0, "zeros between");
        assertMalformed(
                new Tar().raw(new Tar.Header("a", '0').put(124, "99").bytes()).bytes(), 0, "octal");
        assertMalformed(
                new Tar().raw(new Tar.Header("a", '0').put(124, "-5").bytes()).bytes(), 0, "octal");
        assertMalformed(
                new Tar()
                        .raw(new Tar.Header("a", '0').put(124, "\u00ff").bytes())
                        .bytes(),
                0,
                "negative");
        assertMalformed(
                new Tar()
                        .raw(new Tar.Header("a", '0')
                                .put(124, "\u0080" + "\u00ff".repeat(11))
                                .bytes())
                        .bytes(),
                0,
                "2^63");
        for (long size : List.of(Long.MAX_VALUE, Long.MAX_VALUE - 511, 1L << 40)) {
            assertMalformed(
                    new Tar()
                            .raw(new Tar.Header("a", '0').binarySize(size).bytes())
                            .bytes(),
                    0,
                    "ends within");
        }
        byte[] sparse = new Tar()
                .raw(new Tar.Header("s", 'S').put(482, "\1").bytes())
                .raw(more(1))
                .bytes();
        assertMalformed(Arrays.copyOf(sparse, 1024), 1024, "map");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x path=a\n",
                "path=a\n",
                "99 path=a\n",
                "5 path=a\n",
                "10 path=ab",
                "0 \n",
                "-9 path=a\n",
                "4 x\n",
                "5 =x\n",
                "99999999999999999999 path=a\n",
                "11 path=a\0b\n",
                "9 size=x\n",
                "10 size=-1\n",
                "28 size=9999999999999999999\n",
                "9 path=a\n3 ",
            })
    void refusesMalformedExtendedHeaders(String records) {
        byte[] tar = new Tar()
                .extension('x', records.getBytes(ISO_8859_1))
                .file("a", "")
                .bytes();
        assertMalformed(tar, 0, "extended header");
    }

    @Test
    void staysWithinItsLimits() throws LayerException {
        assertOverLimit(new Tar().extension('x', new byte[4097]).file("a", "").bytes(), "longer than 4096 bytes");
        assertOverLimit(new Tar().extension('L', new byte[4097]).file("a", "").bytes(), "longer than 4096 bytes");
        Tar many = new Tar();
        for (int i = 0; i < 100; i++) {
            many.file("a", "");
        }
        assertThat(read(many.bytes())).hasSize(100);
        assertOverLimit(many.file("a", "").bytes(), "more than 100 entries");
        Tar extended = new Tar();
        for (int i = 0; i < 101; i++) {
            extended.extension('x', new byte[0]);
        }
        assertOverLimit(extended.bytes(), "more than 100 entries");
        Tar sparse = new Tar().raw(new Tar.Header("s", 'S').put(482, "\1").bytes());
        assertOverLimit(sparse.raw(more(200)).bytes(), "more than 100 entries");
        byte[] longest = new byte[4096];
        Arrays.fill(longest, (byte) 'n');
        assertThat(names(new Tar().extension('L', longest).file("a", "").bytes())
                        .getFirst())
                .hasSize(201);
        byte[] big =
                new Tar().raw(new Tar.Header("a", '0').size(2 << 20).bytes()).bytes();
        assertThatThrownBy(() -> read(big, OptionalLong.empty()))
                .isInstanceOfSatisfying(
                        LayerLimitException.class,
                        e -> assertThat(e.offsetBytes()).isZero())
                .hasMessageContaining("more than 1048576 bytes");
    }

    /** Nothing but the declared exceptions comes out, whatever goes in, and no entry reaches beyond the archive. */
    @Test
    void survivesAnything() throws LayerException {
        byte[] good = new Tar()
                .pax('g', "comment=x")
                .directory("disk/")
                .pax('x', "path=disk/" + "n".repeat(120), "size=700")
                .file("short", new byte[700])
                .extension('L', ("disk/" + "m".repeat(120) + "\0").getBytes(UTF_8))
                .hardLink("l", "short")
                .raw(new Tar.Header("s", 'S').size(5).put(482, "\1").bytes())
                .raw(new byte[512])
                .content(new byte[5])
                .raw(new Tar.Header("b", '0').binarySize(5).bytes())
                .content(new byte[5])
                .bytes();
        assertThat(read(good)).hasSize(5);
        Random random = new Random(7);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] bad = Arrays.copyOf(good, good.length - (random.nextInt(4) == 0 ? random.nextInt(good.length) : 0));
            for (int change = 1 + random.nextInt(4); change > 0 && bad.length > 0; change--) {
                // Fields of headers, mostly.
                int at = random.nextInt(bad.length);
                at = random.nextBoolean() ? at : Math.min(at / 512 * 512 + random.nextInt(160), bad.length - 1);
                bad[at] = random.nextBoolean()
                        ? (byte) random.nextInt()
                        : (byte) "01579xgLKS /.\0".charAt(random.nextInt(14));
                if (random.nextInt(4) > 0) {
                    sumAgain(bad, at / 512 * 512);
                }
            }
            boolean known = random.nextBoolean();
            try {
                for (TarEntry each : read(bad, known ? OptionalLong.of(bad.length) : OptionalLong.empty())) {
                    assertThat(each.offsetBytes()).isBetween(512L, (long) bad.length);
                    assertThat(each.lengthBytes()).isBetween(0L, known ? bad.length - each.offsetBytes() : 1 << 20);
                }
            } catch (LayerException e) {
                refused++;
                assertThat(e.layer()).isEqualTo(LAYER);
                assertThat(e.offsetBytes()).isBetween(0L, (long) bad.length);
                assertThat(e).hasMessageContaining(LAYER.toString()).hasMessageContaining("byte " + e.offsetBytes());
            }
        }
        assertThat(refused).isBetween(5_000, 19_000);
    }

    private static void sumAgain(byte[] bytes, int block) {
        if (block + 512 > bytes.length) {
            return;
        }
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += i >= 148 && i < 156 ? ' ' : bytes[block + i] & 0xff;
        }
        System.arraycopy(("%06o".formatted(sum) + "\0 ").getBytes(UTF_8), 0, bytes, block + 148, 8);
    }

    private static byte[] more(int blocks) {
        byte[] map = new byte[512 * blocks];
        for (int i = 0; i < blocks; i++) {
            map[512 * i + 504] = 1;
        }
        return map;
    }

    private static void assertMalformed(byte[] tar, long offset, String words) {
        assertThatThrownBy(() -> read(tar))
                .isInstanceOfSatisfying(
                        MalformedLayerException.class,
                        e -> assertThat(e.offsetBytes()).as(e.getMessage()).isEqualTo(offset))
                .hasMessageContaining(words)
                .hasMessageEndingWith("(layer " + LAYER + ", byte " + offset + ")");
    }

    private static void assertOverLimit(byte[] tar, String words) {
        assertThatThrownBy(() -> read(tar))
                .isInstanceOf(LayerLimitException.class)
                .hasMessageContaining(words);
    }

    private static List<String> names(byte[] tar) throws LayerException {
        return read(tar).stream().map(each -> each.path().toString()).toList();
    }

    private static List<TarEntry> read(byte[] tar) throws LayerException {
        List<TarEntry> entries = read(tar, OptionalLong.of(tar.length));
        if (tar.length < 1 << 20) {
            assertThat(read(tar, OptionalLong.empty())).isEqualTo(entries);
        }
        return entries;
    }

    private static List<TarEntry> read(byte[] tar, OptionalLong length) throws LayerException {
        List<TarEntry> entries = new ArrayList<>();
        TarReader reader = new TarReader(new ByteArrayInputStream(tar), LAYER, new ScanBudget(LIMITS), length);
        try {
            for (Optional<TarEntry> each = reader.next(); each.isPresent(); each = reader.next()) {
                entries.add(each.get());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return entries;
    }
}
