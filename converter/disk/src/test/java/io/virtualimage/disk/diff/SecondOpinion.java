package io.virtualimage.disk.diff;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What programs that are no relatives of QEMU say of an image. */
final class SecondOpinion {
    private static final Pattern SIZE = Pattern.compile("Media size\\s*:.*?(\\d+) bytes\\)?");

    private final Workshop workshop;

    SecondOpinion(Workshop workshop) {
        this.workshop = workshop;
    }

    /** Virtual sizes of disks; that discs are discs. */
    void ask(DiffFormat format) {
        switch (format) {
            case QCOW2 -> {
                // It is older than extended L2 entries and zstd.
                if (!workshop.recipe().matches("(?s).*(extended_l2=on|zstd).*")) {
                    size("qcowinfo", format);
                }
            }
            case VMDK -> size("vmdkinfo", format);
            case VPC, VHDX -> size("vhdiinfo", format);
            case ISO -> {
                if (workshop.recipe().contains("mkudffs")) {
                    workshop.ask("udfinfo", Workshop.IMAGE);
                } else {
                    assertThat(workshop.ask("file", "--brief", Workshop.IMAGE)).contains("ISO 9660");
                }
            }
            // There is no other program for these.
            case RAW, VDI -> {}
        }
    }

    private void size(String program, DiffFormat format) {
        String said = workshop.ask(program, Workshop.IMAGE);
        Matcher size = SIZE.matcher(said);
        assertThat(size.find()).as(said).isTrue();
        assertThat(Long.parseLong(size.group(1))).as(said).isEqualTo(workshop.virtualSize(format.qemuName()));
    }
}
