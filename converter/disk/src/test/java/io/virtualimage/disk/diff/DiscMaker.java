package io.virtualimage.disk.diff;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Makes optical discs: ISO 9660 with files, with or without a partition table, and empty UDF. */
final class DiscMaker {
    private static final String TREE = "tree";

    private final Random random;
    private final Workshop workshop;

    DiscMaker(Random random, Workshop workshop) {
        this.random = random;
        this.workshop = workshop;
    }

    void make() {
        if (random.nextInt(4) == 0) {
            udf();
        } else {
            iso();
        }
    }

    private void iso() {
        workshop.make("mkdir", "-p", TREE);
        int files = 1 + random.nextInt(4);
        for (int i = 0; i < files; i++) {
            String file = TREE + "/file" + i + ".bin";
            int size = 512 * (1 + random.nextInt(4000));
            workshop.make("truncate", "-s", Integer.toString(size), file);
            new GuestWrites(random, "raw").apply(workshop, file, size);
        }
        List<String> command = new ArrayList<>(List.of("xorriso", "-as", "mkisofs", "-quiet", "-o", Workshop.IMAGE));
        command.addAll(List.of("-V", "DISC" + random.nextInt(1000), "-iso-level", "" + (1 + random.nextInt(3))));
        if (random.nextBoolean()) {
            command.add("-J");
        }
        if (random.nextBoolean()) {
            command.add("-r");
        }
        if (random.nextInt(4) == 0) {
            command.addAll(List.of("-partition_offset", "16"));
        }
        if (random.nextInt(4) == 0) {
            command.add("-no-pad");
        }
        command.add(TREE);
        workshop.make(command.toArray(String[]::new));
    }

    private void udf() {
        workshop.make("truncate", "-s", Integer.toString(2048 * (600 + random.nextInt(4000))), Workshop.IMAGE);
        workshop.make(
                "mkudffs",
                "--blocksize=2048",
                "--media-type=hd",
                "--udfrev=" + (random.nextBoolean() ? "1.50" : "2.01"),
                "--label=DISC" + random.nextInt(1000),
                Workshop.IMAGE);
    }
}
