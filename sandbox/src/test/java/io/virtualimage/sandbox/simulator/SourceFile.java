package io.virtualimage.sandbox.simulator;

import io.virtualimage.topics.Validator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A file on a web server, through its life: its bytes may change, and the server may be in trouble. */
final class SourceFile {
    /** What the file was from some time on. */
    static final class Version {
        private final byte[] bytes;
        private final @Nullable Validator validator;
        private final long sinceMillis;
        private long untilMillis = Long.MAX_VALUE;
        private long servedBytes;

        private Version(byte[] bytes, @Nullable Validator validator, long sinceMillis) {
            this.bytes = bytes;
            this.validator = validator;
            this.sinceMillis = sinceMillis;
        }

        byte[] bytes() {
            return bytes;
        }

        @Nullable
        Validator validator() {
            return validator;
        }

        long servedBytes() {
            return servedBytes;
        }

        void serve(int count) {
            servedBytes += count;
        }

        boolean existedSince(long millis) {
            return untilMillis > millis;
        }

        long sinceMillis() {
            return sinceMillis;
        }
    }

    /** How the server treats the file. */
    enum Validation {
        STRONG,
        WEAK,
        NONE
    }

    private final String url;
    private final Validation validation;
    private final boolean ranges;
    private final boolean tellsLength;
    private final List<Version> versions = new ArrayList<>();

    /** Segments that may be read once more, because somebody was killed or cut off while reading them. */
    private int interrupted;

    // Trouble.
    private long unavailableUntil = -1;
    private boolean refused;
    private double cutChance;
    private boolean everCut;

    SourceFile(String url, Validation validation, boolean ranges, boolean tellsLength) {
        this.url = url;
        this.validation = validation;
        this.ranges = ranges;
        this.tellsLength = tellsLength;
    }

    String url() {
        return url;
    }

    boolean ranged() {
        return ranges && tellsLength && validation == Validation.STRONG;
    }

    boolean tellsLength() {
        return tellsLength;
    }

    void become(byte[] bytes, long now) {
        if (!versions.isEmpty()) {
            versions.getLast().untilMillis = now;
        }
        Validator validator = switch (validation) {
            case STRONG -> new Validator(Validator.Kind.ETAG, "\"v" + versions.size() + "\"");
            case WEAK -> new Validator(Validator.Kind.ETAG, "W/\"v" + versions.size() + "\"");
            case NONE -> null;
        };
        versions.add(new Version(bytes, validator, now));
    }

    Version current() {
        return versions.getLast();
    }

    List<Version> versions() {
        return versions;
    }

    void interrupted(int segments) {
        interrupted += segments;
    }

    int zeroSegments(int segmentBytes) {
        byte[] bytes = current().bytes();
        int zeros = 0;
        for (int start = 0; start < bytes.length; start += segmentBytes) {
            int end = Math.min(bytes.length, start + segmentBytes);
            zeros += Arrays.equals(bytes, start, end, new byte[end - start], 0, end - start) ? 1 : 0;
        }
        return zeros;
    }

    /**
     * Whether it gave bytes more often than it should have had to. Only where it never misbehaved itself.
     *
     * @param readings how often it was asked for in earnest
     */
    boolean servedTooMuch(int readings, int segmentBytes) {
        boolean behaved = ranged() && versions.size() == 1 && !everCut && unavailableUntil < 0 && !refused;
        long most = (long) readings * current().bytes().length + (long) interrupted * segmentBytes;
        return behaved && current().servedBytes() > most;
    }

    /** What was read of it, and what was allowed for. */
    String account() {
        return "%s gave %d bytes, with %d segments interrupted"
                .formatted(this, current().servedBytes(), interrupted);
    }

    void failUntil(long millis) {
        unavailableUntil = millis;
    }

    boolean unavailable(long now) {
        return now < unavailableUntil;
    }

    /** Whether it was in trouble ever, or still is. */
    boolean wasUnavailable() {
        return unavailableUntil >= 0;
    }

    void refuse() {
        refused = true;
    }

    boolean refused() {
        return refused;
    }

    /** Connections may break. */
    void cut(double chance) {
        cutChance = chance;
        everCut |= chance > 0;
    }

    boolean wasCut() {
        return everCut;
    }

    double cutChance() {
        return cutChance;
    }

    @Override
    public String toString() {
        return url + " (" + current().bytes().length + " bytes, " + validation + (ranges ? ", ranges" : "") + ")";
    }
}
