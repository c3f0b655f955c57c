package io.virtualimage.disk;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Contents to be compressed, each of another nature; the same whenever the test runs, but for programs. */
public final class Contents {
    private static final String[] WORDS =
            "the disk of a machine is read from its first sector on until nothing more comes".split(" ");

    private Contents() {}

    public static byte[] random(int lengthBytes, long seed) {
        byte[] bytes = new byte[lengthBytes];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Words in no order, with numbers between them. */
    public static byte[] text(int lengthBytes, long seed) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        while (text.length() < lengthBytes) {
            text.append(WORDS[random.nextInt(WORDS.length)]).append(random.nextInt(9) == 0 ? "\n" : " ");
            if (random.nextInt(5) == 0) {
                text.append(random.nextInt(100_000));
            }
        }
        return Arrays.copyOf(text.toString().getBytes(StandardCharsets.US_ASCII), lengthBytes);
    }

    /** Blocks as a file system has them: zeros, text, noise, tables, copies of what was before. */
    public static byte[] disk(int lengthBytes, long seed) {
        Random random = new Random(seed);
        byte[] disk = new byte[lengthBytes];
        for (int at = 0; at < lengthBytes; ) {
            int count = Math.min(lengthBytes - at, 512 * random.nextInt(1, 64));
            byte[] block = switch (random.nextInt(5)) {
                case 0 -> new byte[count];
                case 1 -> text(count, random.nextLong());
                case 2 -> random(count, random.nextLong());
                case 3 -> table(count, random);
                default -> {
                    int from = random.nextInt(at + 1);
                    yield Arrays.copyOfRange(disk, from, from + count);
                }
            };
            System.arraycopy(block, 0, disk, at, count);
            at += count;
        }
        return disk;
    }

    private static byte[] table(int count, Random random) {
        byte[] bytes = new byte[count];
        for (int i = 0; i + 8 <= count; i += 8) {
            bytes[i] = (byte) random.nextInt(4);
            bytes[i + 1] = (byte) (i >>> 8);
            bytes[i + 5] = (byte) (random.nextInt(20) == 0 ? random.nextInt() : 1);
        }
        return bytes;
    }

    /** The first bytes of programs of this machine, one behind the other. */
    public static byte[] programs(int lengthBytes) {
        byte[] bytes = new byte[lengthBytes];
        int at = 0;
        for (String name : new String[] {"qemu-img", "bash", "perl", "xz", "zstd", "tar"}) {
            Path program = Path.of("/usr/bin", name);
            if (Files.isRegularFile(program)) {
                try (InputStream in = Files.newInputStream(program)) {
                    at += in.readNBytes(bytes, at, lengthBytes - at);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        }
        return Arrays.copyOf(bytes, at);
    }
}
