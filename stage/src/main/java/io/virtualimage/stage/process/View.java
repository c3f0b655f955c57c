package io.virtualimage.stage.process;

/** A replica's own reading of some topics, from their beginning. */
public interface View {
    /** Whether everything was handed out that was on the topics when the reading began. */
    boolean caughtUp();
}
