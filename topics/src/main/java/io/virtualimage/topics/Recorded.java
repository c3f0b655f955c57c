package io.virtualimage.topics;

import java.time.Instant;

/**
 * An event as it stands on a topic.
 *
 * @param event what was said
 * @param topic where
 * @param at where on the topic
 * @param time when it was said, by the clock of the one who said it
 */
public record Recorded(Event event, Topic topic, Position at, Instant time) {}
