package io.virtualimage.converter;

import io.virtualimage.disk.DiskFormat;
import java.util.regex.Pattern;

/**
 * The name under which a disk is stored: what the source calls it, reduced to harmless characters, with the extension
 * that its format has. The same input gives the same name, so that the same image becomes the same layer.
 */
final class StoredName {
    /** What a stored name may have in all, see {@code DiskOutput}. */
    private static final int MAX_CHARS = 100;

    private static final Pattern KNOWN_EXTENSION = Pattern.compile(
            "\\.(qcow2|qcow|img|image|raw|bin|iso|vmdk|vdi|vhd|vhdx|vpc|gz|xz|zst|zstd)$", Pattern.CASE_INSENSITIVE);
    private static final Pattern FORBIDDEN = Pattern.compile("[^A-Za-z0-9._-]+");
    private static final Pattern BAD_START = Pattern.compile("^[^A-Za-z0-9]+");
    private static final Pattern BAD_END = Pattern.compile("[._-]+$");

    private StoredName() {}

    /** @param fileName what the source calls the file; may be anything */
    static String of(String fileName, DiskFormat format) {
        String extension = extension(format);
        String stem = fileName.substring(fileName.lastIndexOf('/') + 1);
        String shorter = KNOWN_EXTENSION.matcher(stem).replaceFirst("");
        while (!shorter.equals(stem)) {
            stem = shorter;
            shorter = KNOWN_EXTENSION.matcher(stem).replaceFirst("");
        }
        String clean =
                BAD_START.matcher(FORBIDDEN.matcher(stem).replaceAll("-")).replaceFirst("");
        String cut = clean.substring(0, Math.min(clean.length(), MAX_CHARS - extension.length()));
        String trimmed = BAD_END.matcher(cut).replaceFirst("");
        return (trimmed.isEmpty() ? "disk" : trimmed) + extension;
    }

    private static String extension(DiskFormat format) {
        return switch (format) {
            case QCOW2 -> ".qcow2";
            case ISO -> ".iso";
            case RAW -> ".img";
            case VMDK -> ".vmdk";
            case VDI -> ".vdi";
            case VPC -> ".vhd";
            case VHDX -> ".vhdx";
        };
    }
}
