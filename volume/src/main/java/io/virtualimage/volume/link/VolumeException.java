package io.virtualimage.volume.link;

import org.jspecify.annotations.Nullable;

/** The Pod can't do its work. Its words are one line that people read, and never quote the URL. */
public final class VolumeException extends Exception {
    /** The volume, or what was asked for, is at fault: another Pod would fail as well. */
    public static final int VOLUME = 1;

    /** Nobody wants this Pod's work any more. */
    public static final int NOT_WANTED = 3;

    /** The service could not be reached: another Pod may be luckier (EX_TEMPFAIL of sysexits.h). */
    public static final int SERVICE_AWAY = 75;

    private final int exitCode;
    private final String words;

    private VolumeException(int exitCode, String words, @Nullable Throwable cause) {
        super(words, cause);
        this.exitCode = exitCode;
        this.words = words.lines().findFirst().orElse("no reason was given");
    }

    /** Something that this program can't mend. */
    public static VolumeException ofVolume(String words, @Nullable Throwable cause) {
        return new VolumeException(VOLUME, words, cause);
    }

    static VolumeException serviceAway(String words, @Nullable Throwable cause) {
        return new VolumeException(SERVICE_AWAY, words, cause);
    }

    /** What the process ends with. */
    public int exitCode() {
        return exitCode;
    }

    /** One line. */
    public String words() {
        return words;
    }
}
