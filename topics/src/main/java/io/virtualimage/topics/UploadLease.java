package io.virtualimage.topics;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who may write the segments of an upload. An upload that broke off is gone on with by another session, from the first
 * segment that isn't staged; there is never more than one that lives.
 *
 * @param sessions every session that has ever owned the upload, in their order; never empty
 * @param open whether the last one may still write
 * @param heardAt when the last one gave a sign of life
 */
public record UploadLease(List<Part> sessions, boolean open, Instant heardAt) {
    /** A session that was silent for so long is dead; it gives its sign of life three times as often. */
    public static final Duration LIFE = Duration.ofSeconds(15);

    /**
     * What a session was to write.
     *
     * @param fromIndex its first segment
     * @param session 16 hexadecimal digits
     */
    public record Part(int fromIndex, String session) {}

    public UploadLease {
        sessions = List.copyOf(sessions);
        if (sessions.isEmpty()) {
            throw new IllegalArgumentException("an upload without a session");
        }
    }

    /** The first session begins. */
    public static UploadLease of(String session, Instant at) {
        return new UploadLease(List.of(new Part(0, session)), true, at);
    }

    /** The session that writes now, or was the last to. */
    public String owner() {
        return sessions.getLast().session();
    }

    /** The session that a segment is of. */
    public @Nullable String sessionAt(int index) {
        String found = null;
        for (Part part : sessions) {
            if (part.fromIndex() <= index) {
                found = part.session();
            }
        }
        return found;
    }

    /** Whether the last session may be alive at that time. */
    public boolean live(Instant at) {
        return open && heardAt.plus(LIFE).isAfter(at);
    }

    /** The last session gave a sign of life. */
    public UploadLease heard(Instant at) {
        return new UploadLease(sessions, open, at.isAfter(heardAt) ? at : heardAt);
    }

    /** The last session writes nothing more. */
    public UploadLease closed(Instant at) {
        return new UploadLease(sessions, false, at);
    }

    /** Another session goes on. */
    public UploadLease passed(int fromIndex, String session, Instant at) {
        // One that never wrote anything is as if it had never been.
        List<Part> parts = new ArrayList<>(sessions);
        parts.removeIf(part -> part.fromIndex() >= fromIndex);
        parts.add(new Part(fromIndex, session));
        return new UploadLease(parts, true, at);
    }
}
