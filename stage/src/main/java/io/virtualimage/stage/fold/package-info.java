/**
 * Deciding, without any effect. {@link io.virtualimage.stage.fold.ImageFacts} merges events into what is known of an
 * image; a {@link io.virtualimage.stage.fold.StageFold} derives from the facts which work should be under way, and keeps
 * account of what was given out.
 *
 * <p>Everything here is a pure function of its arguments: events may come late, twice and in any order between topics,
 * time is handed in, nothing reads a clock or does I/O. May depend on {@code topics} only.
 */
@NullMarked
package io.virtualimage.stage.fold;

import org.jspecify.annotations.NullMarked;
