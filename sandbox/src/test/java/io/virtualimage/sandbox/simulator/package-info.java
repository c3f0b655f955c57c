/**
 * The protocol simulator: the real folds and workers over topics, stores and clocks that live in memory, on one thread
 * at a time, in an order that a seed decides. Processes crash and are paused between any two effects; what they left
 * behind is all that a next one has. After every step the invariants of the design are looked at.
 *
 * <p>May depend on every module. Nothing here sleeps, reads a real clock or opens a connection.
 */
@NullMarked
package io.virtualimage.sandbox.simulator;

import org.jspecify.annotations.NullMarked;
