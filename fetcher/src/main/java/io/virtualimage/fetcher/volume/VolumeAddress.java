package io.virtualimage.fetcher.volume;

import io.virtualimage.topics.Incarnation;
import java.net.URI;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a Pod sends what it reads: {@code /volumes/<uid>/<generation>.<run>.<epoch>/<origin>/<token>}, and below that what
 * it wants. Everything but the token may be known; the token opens this version of this image only.
 *
 * @param origin the UID of the claim or the snapshot that is read: what tells one source from another
 * @param token a secret
 * @param wish what the Pod wants, without a slash at its beginning; empty in the address that it is given
 */
record VolumeAddress(String uid, long generation, long run, int epoch, String origin, String token, String wish) {
    static final String PREFIX = "/volumes/";

    private static final Pattern PATH = Pattern.compile(
            PREFIX
                    + "([0-9A-Za-z-]{1,64})/([0-9]{1,18})\\.([0-9]{1,18})\\.([0-9]{1,9})/([0-9A-Za-z-]{1,64})/([0-9A-Za-z]{1,64})/(.*)");

    static VolumeAddress of(Incarnation image, int epoch, String origin, String token) {
        return new VolumeAddress(image.uid(), image.generation(), image.run(), epoch, origin, token, "");
    }

    /** Empty if the path is none of these. */
    static Optional<VolumeAddress> parse(String path) {
        Matcher matcher = PATH.matcher(path);
        return matcher.matches()
                ? Optional.of(new VolumeAddress(
                        matcher.group(1),
                        Long.parseLong(matcher.group(2)),
                        Long.parseLong(matcher.group(3)),
                        Integer.parseInt(matcher.group(4)),
                        matcher.group(5),
                        matcher.group(6),
                        matcher.group(7)))
                : Optional.empty();
    }

    /** What a Pod is given. */
    String url(URI fetcher) {
        String base = fetcher.toString();
        return "%s%s%s/%d.%d.%d/%s/%s"
                .formatted(
                        base.endsWith("/") ? base.substring(0, base.length() - 1) : base,
                        PREFIX,
                        uid,
                        generation,
                        run,
                        epoch,
                        origin,
                        token);
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "%s%s/%d.%d.%d".formatted(PREFIX, uid, generation, run, epoch);
    }
}
