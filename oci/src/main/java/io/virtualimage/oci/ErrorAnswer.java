package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.virtualimage.oci.RegistryException.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Reads what a registry says when it refuses (OCI distribution specification, "Error Codes"). */
final class ErrorAnswer {

    private static final long MAX_BODY_BYTES = 64 << 10;
    private static final int MAX_WORDS = 500;
    private static final int MAX_STATUS = 100;
    private static final long MAX_RETRY_SECONDS = 3600;

    /** What OAuth 2.0 says of wrong credentials with a 400. */
    private static final Set<String> BAD_GRANTS = Set.of("invalid_grant", "invalid_client", "unauthorized_client");

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
        String status = status(response);
        String words = body.words();
        String why = "the registry answered " + status + (words.isEmpty() ? "" : " (" + words + ")");
        return RegistryException.of(precise, call.deed(), why, null, retryAfter(response));
    }

    /**
     * The exception for an answer of a token service: its words are shown only if no secret is in them.
     *
     * @see <a href="https://www.rfc-editor.org/rfc/rfc6749#section-5.2">RFC 6749, section 5.2</a>
     */
    static RegistryException ofTokenService(RegistryCall call, Response response, @Nullable Credentials sent) {
        Body body = body(response);
        String words = body.words();
        boolean shown = !words.isEmpty() && (sent == null || !sent.areIn(words));
        String status = status(response);
        Reason reason = reason(response.code());
        if (reason == Reason.NOT_FOUND) {
            reason = Reason.PROTOCOL; // It speaks of the service, and not of the image.
        } else if (response.code() == 400 && BAD_GRANTS.contains(String.valueOf(body.error()))) {
            reason = Reason.UNAUTHORIZED;
        }
        return RegistryException.of(
                reason,
                call.deed(),
                "the token service answered " + status + (shown ? " (" + words + ")" : ""),
                null,
                retryAfter(response));
    }

    /** The status line, of which the server may choose the words. */
    private static String status(Response response) {
        return PrintableText.of((response.code() + " " + response.message()).strip(), MAX_STATUS);
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

    /** Registries say {@code errors}; token services that, or the fields of OAuth 2.0, or others. */
    record Body(
            @Nullable List<Entry> errors,
            @Nullable Object error,
            @JsonProperty("error_description") @Nullable Object description,
            @Nullable Object details,
            @Nullable Object message) {

        private static final Body EMPTY = new Body(null, null, null, null, null);

        private boolean has(String code) {
            return errors != null && errors.stream().anyMatch(each -> code.equals(each.code()));
        }

        private String words() {
            String all = said().map(each -> each.replaceAll("\\p{Cntrl}+", " ").strip())
                    .filter(each -> !each.isEmpty())
                    .collect(Collectors.joining("; "));
            return PrintableText.of(all, MAX_WORDS);
        }

        private Stream<String> said() {
            if (errors == null) {
                return Stream.of(description, details, message, error)
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .limit(1);
            }
            return errors.stream()
                    .map(each -> Objects.requireNonNullElse(each.message() == null ? each.code() : each.message(), ""));
        }
    }

    record Entry(@Nullable String code, @Nullable String message) {}
}
