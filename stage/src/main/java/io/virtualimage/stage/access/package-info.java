/**
 * Who may come in: tokens that are derived from what they are for, so that nothing has to keep them and every replica
 * knows them.
 *
 * <p>May depend on {@code topics} only.
 */
@NullMarked
package io.virtualimage.stage.access;

import org.jspecify.annotations.NullMarked;
