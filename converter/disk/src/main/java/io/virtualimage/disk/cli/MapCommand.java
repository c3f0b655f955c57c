package io.virtualimage.disk.cli;

import io.virtualimage.disk.DiskException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Set;

/** {@code vdisk map}: where the bytes of a disk stand in the image, in the words of {@code qemu-img map}. */
final class MapCommand {
    private MapCommand() {}

    static int run(List<String> given, PrintStream out) throws UsageException, FailureException {
        Arguments arguments = Arguments.parse(given, Set.of("--output", "-f"), Set.of());
        boolean json = arguments.wantsJson();
        String file = arguments.files(1, "one image").getFirst();
        try (ImageFile image = ImageFile.open(file, arguments.value("-f"), 1)) {
            MapWalk walk = new MapWalk(image.disk());
            if (json) {
                printJson(walk, out);
            } else {
                printTable(walk, image.name(), out);
            }
        } catch (IOException e) {
            throw FailureException.of(1, file, e);
        } catch (DiskException e) {
            throw FailureException.of(1, file, e);
        }
        return 0;
    }

    private static void printJson(MapWalk walk, PrintStream out) throws IOException, DiskException {
        StringBuilder line = new StringBuilder("[");
        for (MapEntry entry = walk.next(); entry != null; entry = walk.next()) {
            if (entry.start() > 0) {
                out.println(line.append(','));
                line.setLength(0);
            }
            line.append("{ \"start\": ").append(entry.start());
            line.append(", \"length\": ").append(entry.lengthBytes());
            line.append(", \"depth\": 0, \"present\": ").append(entry.present());
            line.append(", \"zero\": ").append(entry.zero());
            line.append(", \"data\": ").append(entry.data());
            line.append(", \"compressed\": ").append(entry.compressed());
            if (entry.fileOffset().isPresent()) {
                line.append(", \"offset\": ").append(entry.fileOffset().getAsLong());
            }
            line.append('}');
        }
        out.println(line.append(']'));
    }

    private static void printTable(MapWalk walk, String name, PrintStream out) throws IOException, DiskException {
        printRow(out, "Offset", "Length", "Mapped to", "File");
        for (MapEntry entry = walk.next(); entry != null; entry = walk.next()) {
            if (entry.data()) {
                String place = entry.compressed()
                        ? "compressed"
                        : hex(entry.fileOffset().orElseThrow());
                printRow(out, hex(entry.start()), hex(entry.lengthBytes()), place, name);
            }
        }
    }

    private static void printRow(PrintStream out, String offset, String length, String place, String file) {
        StringBuilder row = new StringBuilder();
        pad(row.append(offset), 16);
        pad(row.append(length), 32);
        pad(row.append(place), 48);
        out.println(row.append(file));
    }

    private static void pad(StringBuilder row, int width) {
        while (row.length() < width) {
            row.append(' ');
        }
    }

    private static String hex(long number) {
        return number == 0 ? "0" : "0x" + Long.toHexString(number);
    }
}
