package io.virtualimage.stage.process;

/** Something to do now and then. */
public interface Chore {
    /** Does it; what it throws is logged, and it is done again when its time comes. */
    void run() throws Exception;
}
