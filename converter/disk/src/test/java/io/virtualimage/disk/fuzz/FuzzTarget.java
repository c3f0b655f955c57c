package io.virtualimage.disk.fuzz;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.wrapper.UnpackLimits;
import io.virtualimage.disk.wrapper.UnpackedStream;
import io.virtualimage.disk.wrapper.Wrapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What there is to fuzz, and the classes of which the coverage guides the engine. */
enum FuzzTarget {
    QCOW2("qcow2.**, content.**, codec.**, *"),
    VMDK("vmdk.**, content.**, codec.**, *"),
    VHDX("vhdx.**, content.**, *"),
    VDI("vdi.**, content.**, *"),
    VPC("vpc.**, content.**, *"),
    ISO("iso.**, raw.**, content.**"),
    INSPECT("**"),
    GZIP("wrapper.**"),
    XZ("wrapper.**, org.tukaani.xz.**"),
    /** Several blocks of xz at a time. */
    XZ_BLOCKS("wrapper.**, org.tukaani.xz.**"),
    ZSTD("wrapper.**, zstd.**"),
    ZSTD_UNIT("zstd.**, codec.**"),
    ZLIB_UNIT("codec.**");

    private static final UnpackLimits LIMITS = new UnpackLimits(16 << 20, 200, 8 << 20, 8 << 20);
    private static final String PACKAGE = "io.virtualimage.disk.";

    private final String guides;

    FuzzTarget(String guides) {
        this.guides = guides;
    }

    static FuzzTarget ofKey(String key) {
        return Arrays.stream(values())
                .filter(target -> target.key().equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no target '%s'; there are: %s"
                        .formatted(
                                key,
                                Arrays.stream(values()).map(FuzzTarget::key).collect(Collectors.joining(", ")))));
    }

    /** Its name on the command line and in folders. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    Subject subject() {
        return switch (this) {
            case QCOW2 -> new DiskSubject(DiskFormat.QCOW2, _ -> {});
            case VMDK -> new DiskSubject(DiskFormat.VMDK, _ -> {});
            case VHDX -> new DiskSubject(DiskFormat.VHDX, Checksums::vhdx);
            case VDI -> new DiskSubject(DiskFormat.VDI, _ -> {});
            case VPC -> new DiskSubject(DiskFormat.VPC, Checksums::vpc);
            case ISO -> new DiskSubject(DiskFormat.ISO, _ -> {});
            case INSPECT -> new InspectorSubject();
            case GZIP -> new StreamSubject(input -> unpacked(input, Wrapper.GZIP, 1), input -> input);
            case XZ -> new StreamSubject(input -> unpacked(input, Wrapper.XZ, 1), Checksums::xz);
            case XZ_BLOCKS -> new StreamSubject(input -> unpacked(input, Wrapper.XZ, 2), Checksums::xz);
            case ZSTD -> new StreamSubject(input -> unpacked(input, Wrapper.ZSTD, 1), input -> input);
            case ZSTD_UNIT -> new UnitSubject(PackedUnit.Codec.ZSTD);
            case ZLIB_UNIT -> new UnitSubject(PackedUnit.Codec.ZLIB);
        };
    }

    private static InputStream unpacked(byte[] input, Wrapper wrapper, int workers) throws IOException {
        return UnpackedStream.of(new MemoryByteSource(input), wrapper, LIMITS, workers);
    }

    /** Patterns of the classes' names, as the engine takes them. */
    String guides() {
        return Arrays.stream(guides.split(", ", -1))
                .map(guide -> guide.startsWith("org.") ? guide : PACKAGE + guide)
                .collect(Collectors.joining(":"));
    }

    /**
     * Has an input read. That it is refused is fine; anything else that is thrown is a finding.
     *
     * @return why the input is refused; empty if it is not
     */
    String run(byte[] input) throws IOException {
        try {
            subject().read(input);
            return "";
        } catch (DiskException e) {
            DiskExercise.checkMessage(e);
            return e.getMessage();
        }
    }
}
