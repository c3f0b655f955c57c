package io.virtualimage.statuswriter;

import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.ImageStatus.Notice;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What users are notified of in an incarnation: what they were before, and what comes to that. Each reason is there once:
 * of what happened more than once the last time, so that an image that comes and goes doesn't fill its status with that.
 */
final class Notices {
    private final List<Notice> told;
    private final Instant now;

    Notices(@Nullable ImageStatus before, Instant now) {
        this.told = new ArrayList<>(before == null ? List.of() : before.notices());
        this.now = now;
    }

    /** Of what happens once, the first telling counts. */
    void tell(NoticeReason reason, String message) {
        tell(reason, message, null);
    }

    /** @param number which time it is; what is not later than what was told already is not told again */
    void tell(NoticeReason reason, String message, @Nullable Long number) {
        Notice last = last(reason);
        if (last == null || isLater(number, last.number())) {
            told.remove(last);
            told.add(reason.notice(message, number, now));
        }
    }

    private @Nullable Notice last(NoticeReason reason) {
        return told.stream()
                .filter(notice -> notice.reason().equals(reason.wire()))
                .findFirst()
                .orElse(null);
    }

    private static boolean isLater(@Nullable Long number, @Nullable Long than) {
        return number != null && (than == null || number > than);
    }

    /** In the order in which they were told. */
    List<Notice> list() {
        return List.copyOf(told);
    }
}
