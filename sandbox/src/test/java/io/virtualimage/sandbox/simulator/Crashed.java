package io.virtualimage.sandbox.simulator;

/** Ends an actor whose process was killed. An error, and one that no product code catches: the dead do nothing more. */
final class Crashed extends Error {
    Crashed(String process) {
        super(process + " was killed", null, false, false);
    }
}
