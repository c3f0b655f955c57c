package io.virtualimage.watcher;

import io.virtualimage.topics.Event.Request;

/** Something that the planner wants done. Each may be done again without harm. */
public sealed interface Action {
    /** Our finalizer is to be put on the object. */
    record AddFinalizer(WantedImage image) implements Action {}

    /** Our finalizer is to be taken off the object: nothing of the image is left. */
    record RemoveFinalizer(WantedImage image) implements Action {}

    /** This is wanted now. */
    record Say(Request request) implements Action {}

    /** What the image waits for isn't known yet: it has to be looked at again soon. */
    record LookAgain() implements Action {}

    /** Nothing is to be remembered of the image any more. */
    record Forget(String uid) implements Action {}
}
