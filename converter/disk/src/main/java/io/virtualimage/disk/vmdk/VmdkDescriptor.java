package io.virtualimage.disk.vmdk;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.UntrustedText;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The descriptor inside a hosted sparse extent: lines of text which say of what a disk is made. Nothing of it is needed to
 * read the disk; but it may say that there is more to the disk than this file, and whoever follows it there hands files
 * of the host to the guest.
 */
final class VmdkDescriptor {
    private static final int SHOWN_CHARS = 200;
    private static final String PARENT_HINT = "parentfilenamehint";
    /** What a descriptor inside the file that has the data may say about the whole. */
    private static final Set<String> CREATE_TYPES = Set.of("monolithicSparse", "streamOptimized");

    private static final Set<String> VERSIONS = Set.of("1", "2", "3");
    /** Keys on whose value something depends: two of them, and two readers would see two disks. */
    private static final Set<String> ONCE = Set.of("version", "parentcid", "createtype");

    // A byte of a character may look like the end of a line (0x85), so all dots match all.
    private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f]");
    private static final Pattern ACCESS = Pattern.compile("(?is)(?:RW|RDONLY|NOACCESS)\\b.*");
    private static final Pattern EXTENT =
            Pattern.compile("(?is)([A-Z]+)\\s+(\\d{1,18})\\s+([A-Z0-9]+)(?:\\s+\"([^\"]*)\"(?:\\s+(\\S.*))?)?");
    private static final Pattern ENTRY = Pattern.compile("(?s)([^=\"\\s]+)\\s*=\\s*(.*)");
    /** A path, or the address of something elsewhere: a file that is its own extent is named by its bare name. */
    private static final Pattern ELSEWHERE = Pattern.compile("(?s).*[/\\\\].*|[A-Za-z][A-Za-z0-9+.-]+:.*");

    /** One character for each byte, so that places in it are places in the file. */
    private final String text;

    private final Set<String> seen = new HashSet<>();
    private boolean hasExtent;
    private long extentSectors;

    private VmdkDescriptor(String text) {
        this.text = text;
    }

    /**
     * Refuses whatever says that the disk is more than this file.
     *
     * @param region the file from {@link VmdkFormat#DESCRIPTOR_SECTOR} on, as far as any program looks at it
     * @param lengthBytes how much of it the header gives to the descriptor
     * @param capacitySectors size of the disk by the header; the extent may be less than a grain smaller
     */
    static void check(ByteBuffer region, int lengthBytes, long capacitySectors, long grainSectors)
            throws DiskException {
        VmdkDescriptor descriptor = new VmdkDescriptor(textOf(region));
        descriptor.refuseParentHint();
        if (descriptor.text.length() > lengthBytes) {
            throw new MalformedDiskException(
                    place(lengthBytes),
                    "vmdk: the descriptor does not end within the %d bytes that the header gives it"
                            .formatted(lengthBytes));
        }
        descriptor.parse();
        descriptor.requireAll();
        if (capacitySectors < descriptor.extentSectors || capacitySectors - descriptor.extentSectors >= grainSectors) {
            throw new MalformedDiskException(
                    VmdkFormat.CAPACITY_OFFSET,
                    "vmdk: the header tells of a disk of %d sectors, the descriptor of %d"
                            .formatted(capacitySectors, descriptor.extentSectors));
        }
    }

    /** Refuses a parent that is named where QEMU would look for it, in a file that has no descriptor. */
    static void refuseParentHint(ByteBuffer region) throws UnsupportedDiskException {
        new VmdkDescriptor(textOf(region)).refuseParentHint();
    }

    private static String textOf(ByteBuffer region) {
        String all = StandardCharsets.ISO_8859_1.decode(region.duplicate()).toString();
        int end = all.indexOf(0);
        return end < 0 ? all : all.substring(0, end);
    }

    /** Wherever it is, in a comment or in a value too: there are programs that search for the word. */
    private void refuseParentHint() throws UnsupportedDiskException {
        int at = text.toLowerCase(Locale.ROOT).indexOf(PARENT_HINT);
        if (at >= 0) {
            String line = text.substring(at + PARENT_HINT.length())
                    .lines()
                    .findFirst()
                    .orElse("");
            throw new UnsupportedDiskException(
                    place(at),
                    "vmdk: the descriptor names a parent disk %s at offset 0x%x; %s"
                            .formatted(
                                    shown(line.replaceAll("[\"=]", " ")),
                                    place(at),
                                    UnsupportedDiskException.OTHER_FILES));
        }
    }

    private void parse() throws DiskException {
        int at = 0;
        for (int count = 0; at < text.length(); count++) {
            if (count == VmdkFormat.MAX_DESCRIPTOR_LINES) {
                throw new DiskLimitException(
                        place(at),
                        "vmdk: a descriptor of more than %d lines is over the limit"
                                .formatted(VmdkFormat.MAX_DESCRIPTOR_LINES));
            }
            int feed = text.indexOf('\n', at);
            int next = feed < 0 ? text.length() : feed + 1;
            String line = text.substring(at, feed < 0 ? next : feed);
            parseLine(at, line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
            at = next;
        }
    }

    private void parseLine(int at, String raw) throws DiskException {
        if (CONTROL.matcher(raw).find()) {
            throw malformed(at, "has a control character in the line", raw);
        }
        String line = raw.strip();
        if (line.isEmpty() || line.startsWith("#")) {
            return;
        }
        if (ACCESS.matcher(line).matches()) {
            parseExtent(at, line);
            return;
        }
        Matcher entry = ENTRY.matcher(line);
        if (!entry.matches()) {
            throw malformed(at, "has a line that says nothing", line);
        }
        String value = entry.group(2);
        boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
        parseEntry(
                at,
                entry.group(1).toLowerCase(Locale.ROOT),
                quoted ? value.substring(1, value.length() - 1).strip() : value);
    }

    private void parseEntry(int at, String key, String value) throws DiskException {
        if (ONCE.contains(key) && !seen.add(key)) {
            throw malformed(at, "says twice", key);
        }
        if (key.contains("crypt")
                || (key.equals("ddb.iofilters")
                        && value.toLowerCase(Locale.ROOT).contains("crypt"))) {
            throw new UnsupportedDiskException(
                    place(at), "vmdk: the image is encrypted; encrypted images are not supported");
        }
        switch (key) {
            case "version" -> {
                if (!VERSIONS.contains(value)) {
                    throw unsupported(at, "is of version", value, "which is not supported");
                }
            }
            case "parentcid" -> {
                if (!value.equalsIgnoreCase(VmdkFormat.NO_PARENT_CID)) {
                    throw unsupported(
                            at,
                            "says that this is a difference to the disk",
                            value,
                            UnsupportedDiskException.OTHER_FILES);
                }
            }
            case "createtype" -> {
                if (!CREATE_TYPES.contains(value)) {
                    throw unsupported(
                            at,
                            "says that the disk is of type",
                            value,
                            "only monolithicSparse and streamOptimized are supported; "
                                    + UnsupportedDiskException.OTHER_FILES);
                }
            }
            default -> {
                // Geometry, adapter and such: nothing that changes where the data are.
            }
        }
    }

    /** CVE-2022-47951: an extent can be any file of the host. */
    private void parseExtent(int at, String line) throws DiskException {
        Matcher extent = EXTENT.matcher(line);
        if (!extent.matches()) {
            throw malformed(at, "has an extent that cannot be read", line);
        }
        String type = extent.group(3).toUpperCase(Locale.ROOT);
        String name = extent.group(4) == null ? "" : extent.group(4);
        if (hasExtent) {
            throw unsupported(at, "has a second extent", name, UnsupportedDiskException.OTHER_FILES);
        }
        if (!type.equals("SPARSE")) {
            throw unsupported(
                    at,
                    "has an extent of type %s in".formatted(shown(type)),
                    name,
                    UnsupportedDiskException.OTHER_FILES);
        }
        if (extent.group(1).equalsIgnoreCase("NOACCESS")) {
            throw unsupported(at, "forbids to read", name, "such images are not supported");
        }
        if (name.isEmpty() || extent.group(5) != null) {
            throw malformed(at, "has an extent that cannot be read", line);
        }
        if (ELSEWHERE.matcher(name).matches()) {
            throw unsupported(at, "has an extent in", name, UnsupportedDiskException.OTHER_FILES);
        }
        hasExtent = true;
        extentSectors = Long.parseLong(extent.group(2));
    }

    private void requireAll() throws MalformedDiskException {
        if (!seen.contains("createtype")) {
            throw new MalformedDiskException(place(0), "vmdk: the descriptor does not say what type the disk is of");
        }
        if (!seen.contains("parentcid")) {
            throw new MalformedDiskException(
                    place(0), "vmdk: the descriptor does not say whether the disk has a parent");
        }
        if (!hasExtent) {
            throw new MalformedDiskException(place(0), "vmdk: the descriptor has no extent");
        }
    }

    private static UnsupportedDiskException unsupported(int at, String what, String value, String why) {
        return new UnsupportedDiskException(
                place(at),
                "vmdk: the descriptor %s %s at offset 0x%x; %s".formatted(what, shown(value), place(at), why));
    }

    private static MalformedDiskException malformed(int at, String what, String value) {
        return new MalformedDiskException(place(at), "vmdk: the descriptor %s %s".formatted(what, shown(value)));
    }

    private static long place(int at) {
        return (long) VmdkFormat.DESCRIPTOR_SECTOR * VmdkFormat.SECTOR_BYTES + at;
    }

    private static String shown(String latin1) {
        byte[] bytes = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return "'%s'".formatted(UntrustedText.printable(ByteBuffer.wrap(bytes), SHOWN_CHARS));
    }
}
