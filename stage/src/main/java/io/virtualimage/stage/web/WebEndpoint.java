package io.virtualimage.stage.web;

import java.io.IOException;

/** What answers requests, each on a thread of its own (a virtual one). */
@FunctionalInterface
public interface WebEndpoint {
    /**
     * Answers. What of the body was not read by then is not asked for, and the connection is closed.
     *
     * @throws IOException if there is nobody left to be answered: the connection is cut
     * @throws InterruptedException if the server is being stopped: the client is told to come again
     */
    WebAnswer serve(WebRequest request) throws IOException, InterruptedException;
}
