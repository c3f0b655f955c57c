package io.virtualimage.volume.link;

/** Nobody wants this Pod's work any more: it ends with {@link VolumeException#NOT_WANTED}. */
public final class GoneException extends Exception {
    GoneException() {
        super("this work is not wanted any more");
    }
}
