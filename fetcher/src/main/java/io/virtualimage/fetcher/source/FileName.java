package io.virtualimage.fetcher.source;

import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a file from the web is called here: never a path, never hidden, never empty. */
public final class FileName {
    private static final String NAMELESS = "image";
    private static final int LONGEST = 128;

    /** RFC 6266, section 4.1, with the encoding of RFC 8187. */
    private static final Pattern EXTENDED =
            Pattern.compile(";\\s*filename\\*\\s*=\\s*([\\w-]+)'[^']*'([^;\\s]+)", Pattern.CASE_INSENSITIVE);

    private static final Pattern PLAIN = Pattern.compile(
            ";\\s*filename\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^;\\s\"]+))", Pattern.CASE_INSENSITIVE);

    private FileName() {}

    /**
     * Chooses a name.
     *
     * @param disposition the header field {@code Content-Disposition}
     * @param pathSegments of the URL, decoded
     */
    public static String of(@Nullable String disposition, List<String> pathSegments) {
        return fromDisposition(disposition)
                .map(FileName::safe)
                .filter(name -> !name.isEmpty())
                .or(() -> pathSegments.reversed().stream()
                        .filter(segment -> !segment.isEmpty())
                        .findFirst()
                        .map(FileName::safe)
                        .filter(name -> !name.isEmpty()))
                .orElse(NAMELESS);
    }

    private static Optional<String> fromDisposition(@Nullable String disposition) {
        if (disposition == null) {
            return Optional.empty();
        }
        Matcher extended = EXTENDED.matcher(disposition);
        if (extended.find()) {
            Optional<String> name = decode(extended.group(1), extended.group(2));
            if (name.isPresent()) {
                return name;
            }
        }
        Matcher plain = PLAIN.matcher(disposition);
        if (!plain.find()) {
            return Optional.empty();
        }
        String quoted = plain.group(1);
        return Optional.of(quoted == null ? plain.group(2) : quoted.replaceAll("\\\\(.)", "$1"));
    }

    private static Optional<String> decode(String charset, String encoded) {
        byte[] bytes = new byte[encoded.length()];
        int count = 0;
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c == '%' && i + 2 < encoded.length()) {
                int high = Character.digit(encoded.charAt(i + 1), 16);
                int low = Character.digit(encoded.charAt(i + 2), 16);
                if (high < 0 || low < 0) {
                    return Optional.empty();
                }
                bytes[count++] = (byte) (high << 4 | low);
                i += 2;
            } else {
                bytes[count++] = (byte) c;
            }
        }
        try {
            Charset known = Charset.forName(charset.toUpperCase(Locale.ROOT));
            return Optional.of(new String(bytes, 0, count, known));
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            return Optional.of(new String(bytes, 0, count, StandardCharsets.UTF_8));
        }
    }

    private static String safe(String name) {
        String last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
        String plain = last.replaceAll("[^A-Za-z0-9._+-]", "_").replaceFirst("^[.-]+", "");
        // The end says what kind of file it is.
        return plain.length() <= LONGEST ? plain : plain.substring(plain.length() - LONGEST);
    }
}
