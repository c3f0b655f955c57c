package io.virtualimage.fetcher.upload;

import io.virtualimage.stage.web.WebAnswer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Why a request is not done, for people and for programs (RFC 9457).
 *
 * @param kind what it is counted as
 * @param detail what is wrong, and what can be done
 * @param members more members of the document
 * @param headers more headers of the answer
 */
record Refusal(Kind kind, String detail, Map<String, ?> members, Map<String, String> headers) {
    private static final String PROBLEMS = "https://iana.org/assignments/http-problem-types#";
    private static final String PLAIN = "about:blank";

    /** The kinds of refusals. */
    enum Kind {
        MALFORMED(400, PLAIN, "Bad Request"),
        EMPTY(400, PLAIN, "Bad Request"),
        WRONG_LENGTH(400, PROBLEMS + "inconsistent-upload-length", "The upload's length is another one"),
        UNKNOWN(404, PLAIN, "Not Found"),
        METHOD(405, PLAIN, "Method Not Allowed"),
        SLOW(408, PLAIN, "Request Timeout"),
        BUSY(409, PLAIN, "Somebody else uploads"),
        WRONG_OFFSET(409, PROBLEMS + "mismatching-upload-offset", "The upload goes on somewhere else"),
        COMPLETE(410, PROBLEMS + "completed-upload", "The upload is complete"),
        OVER(410, PLAIN, "Gone"),
        TOO_LARGE(413, PLAIN, "Content Too Large"),
        UNSUPPORTED(415, PLAIN, "Unsupported Media Type"),
        BEYOND(416, PLAIN, "Range Not Satisfiable"),
        FAILED(422, PLAIN, "The image failed"),
        UNAVAILABLE(503, PLAIN, "Service Unavailable");

        private final int status;
        private final String type;
        private final String title;

        Kind(int status, String type, String title) {
            this.status = status;
            this.type = type;
            this.title = title;
        }

        int status() {
            return status;
        }
    }

    static Refusal of(Kind kind, String detail) {
        return new Refusal(kind, detail, Map.of(), Map.of());
    }

    /** The same words, as another kind. */
    Refusal as(Kind other) {
        return new Refusal(other, detail, members, headers);
    }

    Refusal with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Refusal(kind, detail, members, more);
    }

    Refusal withMember(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(members);
        more.put(name, value);
        return new Refusal(kind, detail, more, headers);
    }

    /** Come again, not before then. */
    Refusal retryAfter(Duration wait) {
        return with("Retry-After", Long.toString(Math.max(1, wait.toSeconds())));
    }

    WebAnswer answer() {
        WebAnswer answer = WebAnswer.problem(kind.status, kind.type, kind.title, detail, members);
        for (Map.Entry<String, String> header : headers.entrySet()) {
            answer = answer.with(header.getKey(), header.getValue());
        }
        return answer;
    }

    RefusedException exception() {
        return new RefusedException(this);
    }

    /** What was asked for is not done. */
    static final class RefusedException extends Exception {
        private final transient Refusal refusal;

        private RefusedException(Refusal refusal) {
            super(refusal.detail(), null, false, false);
            this.refusal = refusal;
        }

        Refusal refusal() {
            return refusal;
        }
    }
}
