/**
 * Staged segments and documents in an object store. Objects are written once, then announced; readers verify. May
 * depend on {@code topics} and {@code io.minio}.
 */
@NullMarked
package io.virtualimage.stage.staging;

import org.jspecify.annotations.NullMarked;
