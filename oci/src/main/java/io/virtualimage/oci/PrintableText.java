package io.virtualimage.oci;

/** Text of a registry or an image, made fit for messages: nothing in it that a terminal or a browser would act upon. */
public final class PrintableText {
    private PrintableText() {}

    /**
     * Each character that is not printable becomes {@code ?}, and what is longer than {@code maxChars} code points is cut
     * and ends in {@code …}.
     */
    public static String of(String text, int maxChars) {
        int[] shown = text.codePoints()
                .map(each -> isPrintable(each) ? each : '?')
                .limit(maxChars + 1L)
                .toArray();
        return shown.length <= maxChars ? new String(shown, 0, shown.length) : new String(shown, 0, maxChars) + "…";
    }

    private static boolean isPrintable(int codePoint) {
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
