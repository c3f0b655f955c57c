package io.virtualimage.disk;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Text out of an image, made fit for messages: one line, nothing that a terminal or a browser would act upon. */
public final class UntrustedText {
    private UntrustedText() {}

    /** Decodes the rest of {@code bytes} as UTF-8, then does as {@link #printable(String, int)}. */
    public static String printable(ByteBuffer bytes, int maxChars) {
        return printable(StandardCharsets.UTF_8.decode(bytes.duplicate()).toString(), maxChars);
    }

    /**
     * Runs of white space become one space, characters that are not printable become {@code ?}, and what is longer
     * than {@code maxChars} code points is cut and ends in {@code …}.
     */
    public static String printable(String text, int maxChars) {
        int[] shown = text.strip()
                .replaceAll("\\s+", " ")
                .codePoints()
                .map(c -> isPrintable(c) ? c : '?')
                .limit(maxChars + 1L)
                .toArray();
        return shown.length <= maxChars ? new String(shown, 0, shown.length) : new String(shown, 0, maxChars) + "…";
    }

    /** Whether the code point has a shape of its own: no control, format, surrogate or unassigned character. */
    public static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
