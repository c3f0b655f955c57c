package io.virtualimage.disk.diff;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Makes images of every kind that QEMU writes, at random. The same random numbers make the same image. */
final class ImageMaker {
    private static final String SOURCE = "source";

    private final Random random;
    private final Workshop workshop;

    ImageMaker(Random random, Workshop workshop) {
        this.random = random;
        this.workshop = workshop;
    }

    void make(DiffFormat format) {
        switch (format) {
            case QCOW2 -> qcow2();
            case RAW -> raw(Workshop.IMAGE, size(1, 300 << 20));
            case VMDK -> vmdk();
            case VDI -> created("vdi", random.nextInt(3) == 0 ? "static=on" : "static=off", size(512, 100 << 20));
            case VPC -> vpc();
            case VHDX -> vhdx();
            case ISO -> new DiscMaker(random, workshop).make();
        }
    }

    private void qcow2() {
        boolean old = random.nextInt(6) == 0;
        int clusterBits = 9 + random.nextInt(13);
        int refcountBits = old || random.nextBoolean() ? 16 : 1 << random.nextInt(7);
        boolean extended = !old && clusterBits >= 14 && random.nextInt(3) == 0;
        List<String> options = new ArrayList<>();
        options.add(old ? "compat=0.10" : "compat=1.1");
        options.add("cluster_size=" + (1 << clusterBits));
        if (!old) {
            options.add("refcount_bits=" + refcountBits);
            options.add("extended_l2=" + (extended ? "on" : "off"));
            options.add("compression_type=" + pick("zlib", "zstd"));
            options.add("lazy_refcounts=" + pick("off", "on"));
        }
        long size = size(512, clusterBits < 12 ? 30 << 20 : 300 << 20) & -512;
        if (random.nextInt(4) == 0) {
            // The writer of the clusters of a compressed image is 'convert'.
            raw(SOURCE, size);
            List<String> command = new ArrayList<>(List.of("qemu-img", "convert", "-f", "raw", "-O", "qcow2"));
            if (random.nextInt(4) > 0) {
                command.add("-c");
            }
            command.addAll(List.of("-t", "unsafe", "-o", String.join(",", options), SOURCE, Workshop.IMAGE));
            workshop.make(command.toArray(String[]::new));
        } else {
            if (random.nextInt(3) == 0) {
                options.add("preallocation=" + (size > 8 << 20 ? "metadata" : pick("metadata", "falloc", "full")));
            }
            create("qcow2", String.join(",", options), size);
            if (random.nextInt(3) == 0 && !String.join(",", options).contains("preallocation")) {
                writes("qcow2").applyCompressed(workshop, Workshop.IMAGE, size, 1 << clusterBits);
            }
        }
        writes("qcow2").apply(workshop, Workshop.IMAGE, size);
        changeQcow2(size, old || refcountBits < 8);
    }

    private void changeQcow2(long size, boolean simple) {
        if (random.nextInt(3) == 0) {
            long newSize = Math.max(512, (long) (size * (0.3 + random.nextDouble() * 1.5)) & -512);
            workshop.make(
                    "qemu-img", "resize", "-q", "--shrink", "-f", "qcow2", Workshop.IMAGE, Long.toString(newSize));
            writes("qcow2").apply(workshop, Workshop.IMAGE, newSize);
        }
        if (!simple && random.nextInt(3) == 0) {
            long now = workshop.virtualSize("qcow2");
            workshop.make("qemu-img", "snapshot", "-q", "-c", "one", Workshop.IMAGE);
            writes("qcow2").apply(workshop, Workshop.IMAGE, now);
            if (random.nextBoolean()) {
                workshop.make("qemu-img", "snapshot", "-q", "-c", "two", Workshop.IMAGE);
                workshop.make("qemu-img", "snapshot", "-q", "-a", "one", Workshop.IMAGE);
                writes("qcow2").apply(workshop, Workshop.IMAGE, now);
            }
        }
    }

    private void vmdk() {
        String more = ",adapter_type=%s,compat6=%s"
                .formatted(pick("ide", "lsilogic", "buslogic", "legacyESX"), pick("on", "off"));
        if (random.nextInt(3) == 0) {
            raw(SOURCE, size(512, 200 << 20) & -512);
            workshop.make(
                    "qemu-img",
                    "convert",
                    "-f",
                    "raw",
                    "-O",
                    "vmdk",
                    "-t",
                    "unsafe",
                    "-o",
                    "subformat=" + pick("streamOptimized", "streamOptimized", "monolithicSparse") + more,
                    SOURCE,
                    Workshop.IMAGE);
        } else {
            created(
                    "vmdk",
                    "subformat=monolithicSparse,zeroed_grain=" + pick("on", "off") + more,
                    size(512, 300 << 20) & -512);
        }
    }

    private void vpc() {
        boolean fixed = random.nextInt(3) == 0;
        created(
                "vpc",
                "subformat=%s,force_size=%s".formatted(fixed ? "fixed" : "dynamic", pick("on", "off")),
                size(512, fixed ? 60 << 20 : 200 << 20) & -512);
    }

    private void vhdx() {
        boolean fixed = random.nextInt(4) == 0;
        long size = size(1 << 20, fixed ? 60 << 20 : 200 << 20) & -512;
        String options = "subformat=%s,block_size=%dM,log_size=%dM,block_state_zero=%s"
                .formatted(
                        fixed ? "fixed" : "dynamic",
                        1 << random.nextInt(fixed ? 3 : 6),
                        1 << random.nextInt(3),
                        pick("on", "off"));
        created("vhdx", options, size);
    }

    /** A sparse file, which may end anywhere. */
    private void raw(String file, long size) {
        workshop.make("truncate", "-s", Long.toString(size), file);
        // QEMU sees whole sectors.
        writes("raw").apply(workshop, file, size < 512 ? size : size & -512);
    }

    private void created(String format, String options, long size) {
        create(format, options, size);
        int turns = 1 + random.nextInt(2);
        for (int i = 0; i < turns; i++) {
            writes(format).apply(workshop, Workshop.IMAGE, size);
        }
    }

    private void create(String format, String options, long size) {
        workshop.make("qemu-img", "create", "-q", "-f", format, "-o", options, Workshop.IMAGE, Long.toString(size));
    }

    private GuestWrites writes(String format) {
        return new GuestWrites(random, format);
    }

    /** Mostly a few MiB, sometimes much more, and a multiple of nothing. */
    private long size(long min, long max) {
        long most = switch (random.nextInt(10)) {
            case 0 -> 64 << 10;
            case 1, 2, 3, 4, 5 -> 8 << 20;
            case 6, 7, 8 -> 40 << 20;
            default -> max;
        };
        return min + random.nextLong(Math.clamp(most, min, max) - min + 1);
    }

    private String pick(String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
