package io.virtualimage.fetcher.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.Refusal.RefusedException;
import io.virtualimage.fetcher.upload.UploadProtocol.Sending;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class UploadProtocolTest {
    private static final String PARTIAL = "application/partial-upload";

    static Stream<Arguments> understood() {
        return Stream.of(
                when("a whole file", put(500L), new Sending(0, false, 500L, 500L, true, "name")),
                when("of unknown length", put(null), new Sending(0, false, null, null, true, "name")),
                when(
                        "of a length told otherwise",
                        put(null).with("Upload-Length", "900"),
                        new Sending(0, false, null, 900L, true, "name")),
                when(
                        "with a name",
                        put(5L).with("Content-Disposition", "attachment; filename=\"../disk 1.qcow2\""),
                        new Sending(0, false, 5L, 5L, true, "disk_1.qcow2")),
                // What curl 7.88 sends for -C 1000 -T of a file of 5000 bytes, and for -C 0.
                when(
                        "the rest by curl",
                        put(4000L).with("Content-Range", "bytes 1000-4999/5000"),
                        new Sending(1000, true, 4000L, 5000L, true, "name")),
                when(
                        "all by curl",
                        put(5000L).with("Content-Range", "bytes 0-4999/5000"),
                        new Sending(0, false, 5000L, 5000L, true, "name")),
                when(
                        "a part in the middle",
                        put(100L).with("Content-Range", "bytes 100-199/5000"),
                        new Sending(100, true, 100L, 5000L, false, "name")),
                when(
                        "a part of nobody knows what",
                        put(100L).with("Content-Range", "bytes 100-199/*"),
                        new Sending(100, true, 100L, null, false, "name")),
                when(
                        "the first part by the draft",
                        FakeRequest.of("POST")
                                .length(100L)
                                .with("Upload-Complete", "?0")
                                .with("Upload-Length", "900"),
                        new Sending(0, false, 100L, 900L, false, "name")),
                when(
                        "a further part by the draft",
                        patch(100L, "100", "?0"),
                        new Sending(100, true, 100L, null, false, "name")),
                when(
                        "the last part by the draft",
                        patch(100L, "200", "?1"),
                        new Sending(200, true, 100L, 300L, true, "name")),
                when("nothing but the end", patch(0L, "200", "?1"), new Sending(200, true, 0L, 200L, true, "name")),
                when(
                        "what isn't understood is passed over",
                        put(5L).with("Upload-Length", "many").with("Upload-Complete", "yes"),
                        new Sending(0, false, 5L, 5L, true, "name")));
    }

    private static Arguments when(String what, FakeRequest request, Sending sending) {
        return Arguments.of(what, request, sending);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void understood(String what, FakeRequest request, Sending sending) throws RefusedException {
        Sending read = UploadProtocol.read(request, "name");
        assertThat(read)
                .isEqualTo(new Sending(
                        sending.offset(),
                        sending.resumes(),
                        sending.bodyBytes(),
                        sending.totalBytes(),
                        sending.completes(),
                        read.fileName()));
        assertThat(read.fileName()).doesNotContain("/").isNotEmpty();
        assertThat(request.asked()).isFalse();
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                refusing("empty", put(0L), Kind.EMPTY),
                refusing("empty, as far as is told", put(null).with("Upload-Length", "0"), Kind.EMPTY),
                refusing("a form", put(9L).with("Content-Type", "multipart/form-data; boundary=x"), Kind.UNSUPPORTED),
                refusing("compressed on the way", put(9L).with("Content-Encoding", "gzip"), Kind.UNSUPPORTED),
                refusing(
                        "a patch of another kind",
                        patch(9L, "0", "?1").with("Content-Type", "text/plain"),
                        Kind.UNSUPPORTED),
                refusing("a patch of nowhere", patch(9L, "x", "?1"), Kind.MALFORMED),
                refusing("a patch without an end", patch(9L, "0", "1"), Kind.MALFORMED),
                refusing("two lengths", put(9L).with("Upload-Length", "10"), Kind.WRONG_LENGTH),
                refusing("more than there is", patch(9L, "5", "?0").with("Upload-Length", "10"), Kind.WRONG_LENGTH),
                refusing("no range", put(9L).with("Content-Range", "items 0-8/9"), Kind.MALFORMED),
                refusing("a range of another length", put(9L).with("Content-Range", "bytes 1-5/9"), Kind.MALFORMED),
                refusing("a range over the end", put(9L).with("Content-Range", "bytes 1-9/9"), Kind.MALFORMED),
                refusing("a range behind the end", put(9L).with("Content-Range", "bytes 10-18/9"), Kind.BEYOND),
                // What curl 7.88 sends for -C 1000 -T -.
                refusing("curl's input", put(null).with("Content-Range", "bytes 1000-998/999"), Kind.MALFORMED),
                refusing(
                        "numbers beyond all numbers",
                        put(9L).with("Content-Range", "bytes 0-99999999999999999999/99999999999999999999"),
                        Kind.MALFORMED));
    }

    private static Arguments refusing(String what, FakeRequest request, Kind kind) {
        return Arguments.of(what, request, kind);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void refused(String what, FakeRequest request, Kind kind) {
        RefusedException refused =
                catchThrowableOfType(RefusedException.class, () -> UploadProtocol.read(request, "name"));
        assertThat(refused.refusal().kind()).isEqualTo(kind);
        assertThat(refused.refusal().answer().text()).endsWith("\n").contains("\"detail\":");
        assertThat(request.asked()).isFalse();
    }

    @Test
    void aRefusalOfALongHeaderIsShort() {
        RefusedException refused = catchThrowableOfType(
                RefusedException.class,
                () -> UploadProtocol.read(put(9L).with("Content-Range", "x".repeat(5000)), "name"));
        assertThat(refused.refusal().detail()).hasSizeLessThan(200);
    }

    private static FakeRequest put(Long length) {
        return FakeRequest.of("PUT").length(length);
    }

    private static FakeRequest patch(Long length, String offset, String complete) {
        return FakeRequest.of("PATCH")
                .length(length)
                .with("Content-Type", PARTIAL)
                .with("Upload-Offset", offset)
                .with("Upload-Complete", complete);
    }
}
