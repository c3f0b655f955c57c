package io.virtualimage.disk.cli;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.qcow2.Qcow2Header;
import io.virtualimage.disk.qcow2.Qcow2HeaderReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** {@code vdisk info}: what an image is, in the words of {@code qemu-img info}. */
final class InfoCommand {
    private InfoCommand() {}

    static int run(List<String> given, PrintStream out) throws UsageException, FailureException {
        Arguments arguments = Arguments.parse(given, Set.of("--output", "-f"), Set.of());
        boolean json = arguments.wantsJson();
        String file = arguments.files(1, "one image").getFirst();
        try (ImageFile image = ImageFile.open(file, arguments.value("-f"), 1)) {
            Map<String, Object> facts = facts(image);
            if (json) {
                out.println(JsonText.of(facts));
            } else {
                print(image, facts, out);
            }
        } catch (IOException e) {
            throw FailureException.of(1, file, e);
        } catch (DiskException e) {
            throw FailureException.of(1, file, e);
        }
        return 0;
    }

    private static Map<String, Object> facts(ImageFile image) throws IOException, DiskException {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("virtual-size", image.info().virtualSizeBytes());
        facts.put("filename", image.name());
        facts.put("format", image.info().format().wireName());
        OptionalLong allocated = image.allocatedBytes();
        if (allocated.isPresent()) {
            facts.put("actual-size", allocated.getAsLong());
        }
        boolean dirty = false;
        if (image.info().format() == DiskFormat.QCOW2) {
            Qcow2Header header = Qcow2HeaderReader.read(image.disk().source());
            facts.put("cluster-size", header.clusterBytes());
            facts.put("format-specific", Map.of("type", "qcow2", "data", qcow2(header)));
            dirty = header.dirty();
        }
        facts.put("dirty-flag", dirty);
        return facts;
    }

    private static Map<String, Object> qcow2(Qcow2Header header) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("compat", header.version() == 2 ? "0.10" : "1.1");
        facts.put("compression-type", header.compression().name().toLowerCase(Locale.ROOT));
        facts.put("refcount-bits", 1 << header.refcountOrder());
        if (header.version() > 2) {
            facts.put("extended-l2", header.extendedL2());
        }
        return facts;
    }

    private static void print(ImageFile image, Map<String, Object> facts, PrintStream out) {
        long size = image.info().virtualSizeBytes();
        out.println("image: " + image.name());
        out.println("file format: " + facts.get("format"));
        out.println("virtual size: " + HumanSize.of(size) + " (" + size + " bytes)");
        image.allocatedBytes().ifPresent(bytes -> out.println("disk size: " + HumanSize.of(bytes)));
        if (facts.get("cluster-size") instanceof Integer bytes) {
            out.println("cluster_size: " + bytes);
        }
        if (facts.get("format-specific") instanceof Map<?, ?> specific
                && specific.get("data") instanceof Map<?, ?> data) {
            out.println("Format specific information:");
            data.forEach((name, value) -> out.println("    " + name.toString().replace('-', ' ') + ": " + value));
        }
        if (Boolean.TRUE.equals(facts.get("dirty-flag"))) {
            out.println("dirty: yes");
        }
    }
}
