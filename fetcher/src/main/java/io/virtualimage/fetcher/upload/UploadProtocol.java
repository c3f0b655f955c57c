package io.virtualimage.fetcher.upload;

import io.virtualimage.fetcher.source.FileName;
import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.Refusal.RefusedException;
import io.virtualimage.stage.web.WebRequest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a request with a file, or with a part of it, says. Three ways lead here: a plain {@code PUT} or {@code POST}; one
 * with {@code Content-Range} (RFC 9110, section 14.5), as curl sends it; and draft-ietf-httpbis-resumable-upload-15, where
 * the resource that is uploaded to and the upload resource are one, as the address stands for one upload anyway.
 */
final class UploadProtocol {
    private static final Pattern RANGE = Pattern.compile("bytes\\s+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\\*)");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,15}"); // an integer of RFC 9651

    private UploadProtocol() {}

    /**
     * A file, or a part of it.
     *
     * @param offset of the first byte of the body in the file
     * @param resumes whether it goes on with what is there; else it begins anew
     * @param bodyBytes length of the body; null if it ends where it ends
     * @param totalBytes length of the file; null if that is not known
     * @param completes whether the file ends where the body does
     * @param fileName how the file is called
     */
    record Sending(
            long offset,
            boolean resumes,
            @Nullable Long bodyBytes,
            @Nullable Long totalBytes,
            boolean completes,
            String fileName) {}

    /** @param nameless what a file is called that has no name */
    static Sending read(WebRequest request, String nameless) throws RefusedException {
        checkContent(request);
        OptionalLong body = request.bodyBytes();
        Long bodyBytes = body.isPresent() ? body.getAsLong() : null;
        Optional<Long> length = number(request, "Upload-Length");
        Optional<Boolean> complete = flag(request, "Upload-Complete");
        String fileName = FileName.of(request.header("Content-Disposition").orElse(null), List.of(nameless));
        Optional<String> range = request.header("Content-Range");
        Sending sending;
        if ("PATCH".equals(request.method())) {
            sending = appended(request, bodyBytes, length, complete, fileName);
        } else if (range.isPresent()) {
            sending = ranged(range.get(), bodyBytes, length, fileName);
        } else {
            sending = whole(number(request, "Upload-Offset").orElse(0L), bodyBytes, length, complete, fileName);
        }
        check(sending);
        return sending;
    }

    private static void checkContent(WebRequest request) throws RefusedException {
        String type = request.header("Content-Type").orElse("").toLowerCase(Locale.ROOT);
        if (type.startsWith("multipart/")) {
            throw Refusal.of(
                            Kind.UNSUPPORTED,
                            "A form was sent, but the file itself is wanted as the body: curl -T FILE ADDRESS")
                    .exception();
        }
        String coding = request.header("Content-Encoding").orElse("identity");
        if (!coding.equalsIgnoreCase("identity")) {
            throw Refusal.of(
                            Kind.UNSUPPORTED,
                            "Content-Encoding is not supported. A compressed file can be sent as it is.")
                    .exception();
        }
    }

    private static Sending appended(
            WebRequest request,
            @Nullable Long bodyBytes,
            Optional<Long> length,
            Optional<Boolean> complete,
            String fileName)
            throws RefusedException {
        String type = request.header("Content-Type").orElse("").toLowerCase(Locale.ROOT);
        if (!type.equals("application/partial-upload")) {
            throw Refusal.of(Kind.UNSUPPORTED, "The Content-Type of a PATCH has to be application/partial-upload.")
                    .with("Accept-Patch", "application/partial-upload")
                    .exception();
        }
        long offset = number(request, "Upload-Offset")
                .orElseThrow(() -> malformed("A PATCH needs the header Upload-Offset: a number of bytes."));
        boolean completes =
                complete.orElseThrow(() -> malformed("A PATCH needs the header Upload-Complete: ?0 or ?1."));
        return part(offset, true, bodyBytes, length, completes, fileName);
    }

    private static Sending whole(
            long offset, @Nullable Long bodyBytes, Optional<Long> length, Optional<Boolean> complete, String fileName)
            throws RefusedException {
        return part(offset, offset > 0, bodyBytes, length, complete.orElse(true), fileName);
    }

    private static Sending part(
            long offset,
            boolean resumes,
            @Nullable Long bodyBytes,
            Optional<Long> length,
            boolean completes,
            String fileName)
            throws RefusedException {
        Long told = length.orElse(null);
        Long follows = completes && bodyBytes != null ? offset + bodyBytes : null;
        if (told != null && follows != null && !told.equals(follows)) {
            throw Refusal.of(
                            Kind.WRONG_LENGTH,
                            "Upload-Length is %d, but the body ends the file after %d bytes.".formatted(told, follows))
                    .exception();
        }
        return new Sending(offset, resumes, bodyBytes, told == null ? follows : told, completes, fileName);
    }

    private static Sending ranged(String range, @Nullable Long bodyBytes, Optional<Long> length, String fileName)
            throws RefusedException {
        Matcher matcher = RANGE.matcher(range);
        if (!matcher.matches()) {
            throw malformed("Content-Range is '%s', but has to be like 'bytes 0-99/1000'.".formatted(shortened(range)));
        }
        long first = Long.parseLong(matcher.group(1));
        long last = Long.parseLong(matcher.group(2));
        Long total = "*".equals(matcher.group(3)) ? length.orElse(null) : Long.valueOf(matcher.group(3));
        if (total != null && first >= total && last >= total) {
            throw Refusal.of(
                            Kind.BEYOND,
                            "Content-Range begins at byte %d of a file of %d bytes: there is nothing left to send."
                                    .formatted(first, total))
                    .exception();
        }
        if (last < first || (total != null && last >= total)) {
            // What curl says that is to go on with its standard input, whose length it doesn't know.
            throw malformed(("Content-Range is '%s', which is no part of a file. curl -C goes on with a file only, not"
                            + " with its standard input.")
                    .formatted(shortened(range)));
        }
        if (bodyBytes == null || bodyBytes != last - first + 1) {
            throw malformed("Content-Range is of %d bytes, but the body of %s."
                    .formatted(last - first + 1, bodyBytes == null ? "an unknown number" : bodyBytes));
        }
        boolean completes = total != null && last == total - 1;
        return new Sending(first, first > 0, bodyBytes, total, completes, fileName);
    }

    private static void check(Sending sending) throws RefusedException {
        Long body = sending.bodyBytes();
        Long total = sending.totalBytes();
        boolean nothing = body != null && body == 0;
        if ((total != null && total == 0) || (nothing && sending.offset() == 0)) {
            throw Refusal.of(Kind.EMPTY, "The file is empty: there is nothing to make an image of.")
                    .exception();
        }
        if (total != null && (sending.offset() > total || (body != null && sending.offset() + body > total))) {
            throw Refusal.of(
                            Kind.WRONG_LENGTH,
                            "The body ends after byte %d of a file of %d bytes."
                                    .formatted(sending.offset() + (body == null ? 0 : body), total))
                    .exception();
        }
    }

    /** An integer of RFC 9651; what is something else is as if it were not there, as the draft says. */
    private static Optional<Long> number(WebRequest request, String header) {
        return request.header(header)
                .map(String::strip)
                .filter(value -> NUMBER.matcher(value).matches())
                .map(Long::valueOf);
    }

    private static Optional<Boolean> flag(WebRequest request, String header) {
        return request.header(header).map(String::strip).flatMap(value -> switch (value) {
            case "?1" -> Optional.of(true);
            case "?0" -> Optional.of(false);
            default -> Optional.empty();
        });
    }

    private static RefusedException malformed(String detail) {
        return Refusal.of(Kind.MALFORMED, detail).exception();
    }

    private static String shortened(String text) {
        int most = 80;
        return text.length() <= most ? text : text.substring(0, most) + "…";
    }
}
