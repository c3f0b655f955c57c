package io.virtualimage.disk.diff;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/** What a guest does to its disk, at random: a {@code qemu-io} command each. */
final class GuestWrites {
    private final Random random;
    private final String format;

    GuestWrites(Random random, String format) {
        this.random = random;
        this.format = format;
    }

    /** Some writes, zero writes and discards, in one call of the program. */
    void apply(Workshop workshop, String file, long sizeBytes) {
        List<String> commands = new ArrayList<>();
        int count = 1 + random.nextInt(24);
        long last = 0;
        for (int i = 0; i < count; i++) {
            long length = Math.min(length(), sizeBytes);
            long offset = offset(last, sizeBytes - length);
            last = offset + length;
            commands.add(command(offset, length));
        }
        run(workshop, file, commands);
    }

    /** Compressed writes of whole clusters, each to a cluster that has nothing yet. */
    void applyCompressed(Workshop workshop, String file, long sizeBytes, int clusterBytes) {
        long clusters = Math.ceilDiv(sizeBytes, clusterBytes);
        Set<Long> chosen = new TreeSet<>();
        for (int i = 0; i < 12; i++) {
            chosen.add(random.nextLong(clusters));
        }
        List<String> commands = new ArrayList<>();
        for (long cluster : chosen) {
            long offset = cluster * clusterBytes;
            commands.add(
                    "write -c -P %d %d %d".formatted(pattern(), offset, Math.min(clusterBytes, sizeBytes - offset)));
        }
        run(workshop, file, commands);
    }

    private void run(Workshop workshop, String file, List<String> commands) {
        List<String> line = new ArrayList<>(List.of("qemu-io", "-f", format, "-t", "unsafe", "-d", "unmap"));
        for (String command : commands) {
            line.add("-c");
            line.add(command);
        }
        line.add(file);
        workshop.make(line.toArray(String[]::new));
    }

    private String command(long offset, long length) {
        return switch (random.nextInt(10)) {
            case 0, 1 -> "write -z %d %d".formatted(offset, length);
            case 2 -> "write -z -u %d %d".formatted(offset, length);
            case 3 -> "discard %d %d".formatted(offset, length);
            // What is zero, but has to be looked at to be seen so.
            case 4 -> "write -P 0 %d %d".formatted(offset, length);
            default -> "write -P %d %d %d".formatted(pattern(), offset, length);
        };
    }

    /** In raw images no character of a text, since text is refused there. */
    private int pattern() {
        return (1 + random.nextInt(255)) | (format.equals("raw") ? 0x80 : 0);
    }

    private long length() {
        return switch (random.nextInt(8)) {
            case 0 -> 1 + random.nextInt(512);
            case 1 -> 512L * (1 + random.nextInt(8));
            case 2, 3 -> 1 + random.nextInt(8 << 10);
            case 4, 5 -> 1 + random.nextInt(128 << 10);
            case 6 -> 65536L * (1 + random.nextInt(4));
            default -> 1 + random.nextInt(1 << 20);
        };
    }

    private long offset(long last, long max) {
        long offset = switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> max;
            case 2 -> last;
            case 3 -> random.nextLong(max + 1) & -65536;
            case 4 -> random.nextLong(max + 1) & -(1 << 20);
            default -> random.nextLong(max + 1);
        };
        return Math.clamp(offset, 0, max);
    }
}
