/**
 * Looks after what was published. Of several publishers one looks after each image: the one whose
 * {@link io.virtualimage.stage.process.Share} of {@code virtualimage.published} it is in. The
 * {@link io.virtualimage.publisher.care.Agenda} knows when an image's turn is, the
 * {@link io.virtualimage.publisher.care.Caretaker} looks whether it is still there and takes strays away, in
 * {@link io.virtualimage.publisher.care.Place}s. May depend on {@code topics} and {@code stage}.
 *
 * <p>What is found may be out of date when it is said; that does no harm that the next look, or a removal, doesn't mend. It
 * is never acted on without asking the ledger, and nothing is ever touched but versions that are older than the last word
 * on their image.
 */
@NullMarked
package io.virtualimage.publisher.care;

import org.jspecify.annotations.NullMarked;
