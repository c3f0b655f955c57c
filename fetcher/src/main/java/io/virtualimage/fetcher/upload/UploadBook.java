package io.virtualimage.fetcher.upload;

import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.Request;
import io.virtualimage.topics.Event.StatusChanged;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The images that files may be sent for, by their tokens, and what became of them, from {@code virtualimage.requests}
 * and {@code virtualimage.status}; both are compacted, so an address that was used up stays so. Any thread may ask.
 */
final class UploadBook {
    /** What it has to be handed. */
    static final Set<Topic> TOPICS = Set.of(Topic.REQUESTS, Topic.STATUS);

    private static final String ALGORITHM = "HmacSHA256";
    private static final int KEY_BYTES = 32;

    private final AccessTokens tokens;
    private final SecretKeySpec key;

    /** By the image's UID; guarded by this. */
    private final Map<String, Entry> entries = new HashMap<>();

    /** UIDs by a keyed hash of the token, so that nobody learns from the time of a look-up; guarded by this. */
    private final Map<String, String> uids = new HashMap<>();

    /** @param target null if the image is asked for otherwise, or not at all */
    private record Entry(
            Incarnation image,
            boolean withdrawn,
            @Nullable UploadTarget target,
            @Nullable String hash,
            @Nullable Outcome outcome) {}

    /** @param failure null if the image was made */
    private record Outcome(Incarnation image, @Nullable String failure) {}

    UploadBook(AccessTokens tokens, RandomGenerator random) {
        this.tokens = tokens;
        byte[] bytes = new byte[KEY_BYTES];
        random.nextBytes(bytes);
        this.key = new SecretKeySpec(bytes, ALGORITHM);
    }

    /** Takes in a record of one of the {@link #TOPICS}. */
    synchronized void read(ViewRecord record) {
        Recorded recorded = record.recorded();
        if (recorded == null) {
            if (record.topic() == Topic.REQUESTS) {
                forget(record.key());
            }
        } else if (recorded.event() instanceof Request request) {
            apply(request, recorded);
        } else if (recorded.event() instanceof StatusChanged changed) {
            apply(changed);
        }
    }

    private void forget(String uid) {
        Entry gone = entries.remove(uid);
        if (gone != null && gone.hash() != null) {
            uids.remove(gone.hash());
        }
    }

    private void apply(Request request, Recorded recorded) {
        Incarnation image = request.image();
        Entry before = entries.get(image.uid());
        if (before != null && before.image().isAfter(image)) {
            image = before.image(); // an older request is of no meaning, but that the image was withdrawn
            if (!(request instanceof ImageWithdrawn)) {
                return;
            }
        }
        boolean withdrawn = request instanceof ImageWithdrawn || (before != null && before.withdrawn());
        UploadTarget target = null;
        if (!withdrawn
                && request instanceof ImageRequested requested
                && requested.source() instanceof DataSource.Upload) {
            UploadTarget known = before != null && before.image().equals(image) ? before.target() : null;
            target = known != null
                    ? known
                    : new UploadTarget(image, recorded.at().partition(), recorded.time());
        }
        Outcome outcome = before == null || withdrawn ? null : before.outcome();
        forget(image.uid());
        String hash = target == null ? null : hash(tokens.token(Door.UPLOAD, image));
        entries.put(image.uid(), new Entry(image, withdrawn, target, hash, outcome));
        if (hash != null) {
            uids.put(hash, image.uid());
        }
    }

    private void apply(StatusChanged changed) {
        Entry before = entries.get(changed.image().uid());
        Incarnation image = changed.image();
        if (before != null && (before.withdrawn() || before.image().isAfter(image))) {
            return;
        }
        ImageStatus status = changed.status();
        Outcome outcome = status.phase().settled()
                ? new Outcome(image, status.phase() == ImageStatus.Phase.FAILED ? words(status) : null)
                : null;
        // The two topics are read side by side: a status may come before the request that it is about.
        if (before == null || !before.image().equals(image)) {
            forget(image.uid());
            entries.put(image.uid(), new Entry(image, false, null, null, outcome));
        } else {
            entries.put(
                    image.uid(),
                    new Entry(before.image(), before.withdrawn(), before.target(), before.hash(), outcome));
        }
    }

    private static String words(ImageStatus status) {
        return status.conditions().stream()
                .filter(condition -> condition.type().equals("Ready"))
                .map(ImageStatus.Condition::message)
                .findFirst()
                .orElse("The image failed.");
    }

    /** What a token is for; empty if it is for nothing, or not any more. */
    Optional<UploadTarget> find(String token) {
        String hash = hash(token);
        UploadTarget target;
        synchronized (this) {
            Entry entry = Optional.ofNullable(uids.get(hash)).map(entries::get).orElse(null);
            target = entry == null ? null : entry.target();
        }
        return Optional.ofNullable(target).filter(found -> tokens.opens(token, Door.UPLOAD, found.image()));
    }

    /** Why nothing can be sent for an image any more; empty if something may be. */
    synchronized Optional<Refusal> verdict(Incarnation image) {
        Entry entry = entries.get(image.uid());
        if (entry == null || entry.withdrawn() || !entry.image().equals(image) || entry.target() == null) {
            return Optional.of(Refusal.of(
                    Kind.OVER, "The image is not wanted like this any more: it was changed or deleted meanwhile."));
        }
        Outcome outcome = entry.outcome();
        if (outcome == null || !outcome.image().equals(image)) {
            return Optional.empty();
        }
        String failure = outcome.failure();
        return Optional.of(
                failure != null
                        ? Refusal.of(Kind.FAILED, failure)
                        : Refusal.of(Kind.COMPLETE, "The upload is complete, and the image is made of it.")
                                .with("Upload-Complete", "?1"));
    }

    /** Images that it knows. */
    synchronized int size() {
        return entries.size();
    }

    private String hash(String token) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return HexFormat.of().formatHex(mac.doFinal(token.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, e);
        }
    }
}
