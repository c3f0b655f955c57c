/**
 * Doing, without deciding. A {@link io.virtualimage.stage.work.Worker} does one task at a time through small ports; the
 * {@link io.virtualimage.stage.work.TaskRunner} stands between it and the share group: it asks the ledger first, turns
 * failures into events, announces before it acknowledges.
 *
 * <p>The order is the protocol: effects, then the announcement, then the acknowledgement. All of it runs in the protocol
 * simulator too, so nothing here starts threads, sleeps or reads a clock but through a port.
 */
@NullMarked
package io.virtualimage.stage.work;

import org.jspecify.annotations.NullMarked;
