package io.virtualimage.oci;

import io.virtualimage.oci.RegistryException.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Reads what a registry says when it refuses (OCI distribution specification, "Error Codes"). */
final class ErrorAnswer {

    private static final long MAX_BODY_BYTES = 64 << 10;
    private static final int MAX_WORDS = 500;
    private static final long MAX_RETRY_SECONDS = 3600;

    private ErrorAnswer() {}

    /** The exception for an answer that is not a success, by its status alone. */
    static RegistryException of(RegistryCall call, Response response) {
        return of(call, response, reason(response.code()));
    }

    /** The exception for an answer whose meaning the caller knows better. */
    static RegistryException of(RegistryCall call, Response response, Reason reason) {
        Body body = body(response);
        Reason precise = reason;
        if (body.has("DIGEST_INVALID")) {
            precise = Reason.DIGEST_MISMATCH;
        } else if (body.has("MANIFEST_BLOB_UNKNOWN")) {
            precise = Reason.BLOB_UNKNOWN;
        } else if (response.code() == 401 && body.has("DENIED")) {
            precise = Reason.FORBIDDEN;
        }
        String status = (response.code() + " " + response.message()).strip();
        String words = body.words();
        String why = "the registry answered " + status + (words.isEmpty() ? "" : " (" + words + ")");
        return RegistryException.of(precise, call.deed(), why, null, retryAfter(response));
    }

    private static Reason reason(int code) {
        return switch (code) {
            case 401 -> Reason.UNAUTHORIZED;
            case 403 -> Reason.FORBIDDEN;
            case 404 -> Reason.NOT_FOUND;
            case 408, 429 -> Reason.UNAVAILABLE;
            default -> code >= 500 ? Reason.UNAVAILABLE : Reason.PROTOCOL;
        };
    }

    private static @Nullable Duration retryAfter(Response response) {
        String seconds = response.header("Retry-After");
        if (seconds == null || !seconds.matches("[0-9]{1,9}")) {
            return null;
        }
        return Duration.ofSeconds(Math.min(Long.parseLong(seconds), MAX_RETRY_SECONDS));
    }

    private static Body body(Response response) {
        try {
            byte[] bytes = response.peekBody(MAX_BODY_BYTES).bytes();
            return bytes.length == 0 ? Body.EMPTY : Json.read(bytes, Body.class, "read an error");
        } catch (IOException e) {
            return Body.EMPTY; // The status says enough; the words are a courtesy.
        }
    }

    record Body(@Nullable List<Entry> errors) {

        private static final Body EMPTY = new Body(null);

        private boolean has(String code) {
            return errors != null && errors.stream().anyMatch(each -> code.equals(each.code()));
        }

        private String words() {
            if (errors == null) {
                return "";
            }
            String all = errors.stream()
                    .map(each -> each.message() == null ? each.code() : each.message())
                    .filter(each -> each != null && !each.isBlank())
                    .map(each -> each.replaceAll("\\p{Cntrl}+", " ").strip())
                    .collect(Collectors.joining("; "));
            return all.length() <= MAX_WORDS ? all : all.substring(0, MAX_WORDS) + "...";
        }
    }

    record Entry(@Nullable String code, @Nullable String message) {}
}
