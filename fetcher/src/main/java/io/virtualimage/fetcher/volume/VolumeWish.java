package io.virtualimage.fetcher.volume;

/** What a Pod wants that reads a volume. */
sealed interface VolumeWish {
    /** It has opened the volume, and says how long that is. */
    record Open(long lengthBytes) implements VolumeWish {}

    /** Which segments are to be sent. */
    record Missing() implements VolumeWish {}

    /** Here is one. */
    record Segment(int index) implements VolumeWish {}

    /** That one holds only zeros. */
    record Zeros(int index) implements VolumeWish {}

    /** It works, and has come so far. */
    record Heartbeat(long doneBytes) implements VolumeWish {}

    /**
     * Of a request.
     *
     * @param path what stands behind the Pod's address
     * @throws IllegalArgumentException if it makes no sense, in words
     */
    static VolumeWish parse(String method, String path) {
        int slash = path.indexOf('/');
        String word = slash < 0 ? path : path.substring(0, slash);
        String rest = slash < 0 ? "" : path.substring(slash + 1);
        return switch (method + " " + word) {
            case "POST open" -> new Open(number(rest));
            case "GET missing" -> new Missing();
            case "PUT segments" -> new Segment(index(rest));
            case "PUT zeros" -> new Zeros(index(rest));
            case "POST heartbeat" -> new Heartbeat(number(rest));
            default -> throw new IllegalArgumentException("there is no " + method + " of that");
        };
    }

    private static long number(String text) {
        if (!text.matches("[0-9]{1,18}")) {
            throw new IllegalArgumentException("a number of bytes is missing");
        }
        return Long.parseLong(text);
    }

    private static int index(String text) {
        if (!text.matches("[0-9]{1,9}")) {
            throw new IllegalArgumentException("the number of a segment is missing");
        }
        return Integer.parseInt(text);
    }
}
