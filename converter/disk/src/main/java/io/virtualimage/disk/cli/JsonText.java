package io.virtualimage.disk.cli;

import java.util.Map;

/** Values as JSON (RFC 8259), indented as {@code qemu-img} does it. */
final class JsonText {
    private static final String INDENT = "    ";

    private JsonText() {}

    /** An object of strings, numbers, booleans and further objects; members keep the map's order. */
    static String of(Map<String, ?> object) {
        StringBuilder text = new StringBuilder();
        append(text, object, "");
        return text.toString();
    }

    /** A string with its quotes. */
    static String of(String value) {
        StringBuilder text = new StringBuilder(value.length() + 2).append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"', '\\' -> text.append('\\').append(c);
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                default -> {
                    if (c < ' ' || (Character.isSurrogate(c) && !isPaired(value, i))) {
                        text.append("\\u").append(Integer.toHexString(0x10000 | c), 1, 5);
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        return text.append('"').toString();
    }

    private static boolean isPaired(String value, int index) {
        int other = Character.isHighSurrogate(value.charAt(index)) ? index + 1 : index - 1;
        return other >= 0
                && other < value.length()
                && Character.isSurrogatePair(
                        value.charAt(Math.min(index, other)), value.charAt(Math.max(index, other)));
    }

    private static void append(StringBuilder text, Map<?, ?> object, String indent) {
        String separator = "{\n";
        for (Map.Entry<?, ?> member : object.entrySet()) {
            text.append(separator).append(indent).append(INDENT);
            text.append(of(member.getKey().toString())).append(": ");
            switch (member.getValue()) {
                case Map<?, ?> inner -> append(text, inner, indent + INDENT);
                case String string -> text.append(of(string));
                case Number number -> text.append(number);
                case Boolean truth -> text.append(truth);
                default -> throw new IllegalArgumentException("no JSON: " + member);
            }
            separator = ",\n";
        }
        text.append('\n').append(indent).append('}');
    }
}
