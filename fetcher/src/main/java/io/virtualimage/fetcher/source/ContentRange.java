package io.virtualimage.fetcher.source;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The header field {@code Content-Range} of a piece (RFC 9110, section 14.4).
 *
 * @param first offset of the first byte
 * @param last offset of the last byte
 * @param totalBytes length of the whole; null if the server doesn't say
 */
record ContentRange(long first, long last, @Nullable Long totalBytes) {
    private static final Pattern PIECE = Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\\*)");
    private static final Pattern UNSATISFIED = Pattern.compile("bytes \\*/([0-9]{1,18})");

    /** Of an answer 206; empty if there is none, or it makes no sense. */
    static Optional<ContentRange> parse(@Nullable String field) {
        Matcher matcher = PIECE.matcher(field == null ? "" : field.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long first = Long.parseLong(matcher.group(1));
        long last = Long.parseLong(matcher.group(2));
        Long total = matcher.group(3).equals("*") ? null : Long.valueOf(matcher.group(3));
        return first > last || (total != null && last >= total)
                ? Optional.empty()
                : Optional.of(new ContentRange(first, last, total));
    }

    /** Of an answer 416: the length of the whole. */
    static Optional<Long> parseUnsatisfied(@Nullable String field) {
        Matcher matcher = UNSATISFIED.matcher(field == null ? "" : field.strip());
        return matcher.matches() ? Optional.of(Long.valueOf(matcher.group(1))) : Optional.empty();
    }
}
