package io.virtualimage.publisher.care;

import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.Event.ImageRequested;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Users who want to know whether an image is still there: they give {@code virtualimage.io/check} another value. The first
 * one that is seen of an image is none of them: nobody knows here what it was before. For one thread.
 */
public final class CheckRequests implements Consumer<ViewRecord> {
    private final Consumer<String> hurry;
    private final Map<String, Optional<String>> checks = new HashMap<>();

    /** @param hurry takes the UIDs of images that are to be looked at */
    public CheckRequests(Consumer<String> hurry) {
        this.hurry = hurry;
    }

    @Override
    public void accept(ViewRecord record) {
        if (record.recorded() == null) {
            checks.remove(record.key());
        } else if (record.recorded().event() instanceof ImageRequested request) {
            Optional<String> now = Optional.ofNullable(request.check());
            Optional<String> before = checks.put(record.key(), now);
            if (before != null && now.isPresent() && !now.equals(before)) {
                hurry.accept(record.key());
            }
        }
    }
}
