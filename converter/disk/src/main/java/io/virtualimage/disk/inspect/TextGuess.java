package io.virtualimage.disk.inspect;

import io.virtualimage.disk.UntrustedText;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tells text, most often a page that a server gave instead of an image, from the beginning of a disk. */
final class TextGuess {
    private static final int SHOWN_CHARS = 60;
    private static final Pattern TITLE = Pattern.compile("<title[^>]{0,99}>([^<]{1,500})<", Pattern.CASE_INSENSITIVE);
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private TextGuess() {}

    /**
     * Says what the bytes look like, if they are printable text in UTF-8, ASCII included: "an HTML page" and such, with
     * its first words. Empty if they are anything else, or nothing.
     *
     * @param whole whether the bytes are all there are; if not, the last character may be cut in two
     */
    static Optional<String> describe(ByteBuffer bytes, boolean whole) {
        if (!bytes.hasRemaining()) {
            return Optional.empty();
        }
        return decode(bytes, whole)
                .map(text -> text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text)
                .filter(text -> text.codePoints().allMatch(c -> isTextSpace(c) || UntrustedText.isPrintable(c)))
                .map(TextGuess::describe);
    }

    private static Optional<String> decode(ByteBuffer bytes, boolean whole) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        // UTF-8 never has more UTF-16 units than bytes.
        CharBuffer text = CharBuffer.allocate(bytes.remaining());
        CoderResult result = decoder.decode(bytes.duplicate(), text, whole);
        return result.isError() ? Optional.empty() : Optional.of(text.flip().toString());
    }

    private static boolean isTextSpace(int codePoint) {
        return codePoint == '\t' || codePoint == '\n' || codePoint == '\r' || codePoint == '\f';
    }

    private static String describe(String text) {
        String start = text.stripLeading();
        String lower = start.substring(0, Math.min(start.length(), 1024)).toLowerCase(Locale.ROOT);
        if (lower.startsWith("<!doctype html") || lower.contains("<html")) {
            Matcher title = TITLE.matcher(start);
            return "an HTML page: " + quoted(title.find() ? title.group(1) : start);
        }
        if (lower.startsWith("<?xml") || lower.startsWith("<error>")) {
            return "an XML document: " + quoted(start);
        }
        if (lower.startsWith("{") || lower.startsWith("[")) {
            return "a JSON document: " + quoted(start);
        }
        return "text: " + quoted(start);
    }

    private static String quoted(String text) {
        return '"' + UntrustedText.printable(text, SHOWN_CHARS) + '"';
    }
}
