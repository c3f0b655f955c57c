/**
 * A web server for what comes from outside of the pipeline: files of uploads, and the Jobs that read and fill volumes.
 * Bodies are streams that are read at the client's pace, whatever their length; a client that waits for leave to send
 * gets it when the first byte is read, and not if it is refused before.
 *
 * <p>Services hand in {@link io.virtualimage.stage.web.WebEndpoint}s and see nothing of the server that is used. May
 * depend on {@code topics} only.
 */
@NullMarked
package io.virtualimage.stage.web;

import org.jspecify.annotations.NullMarked;
