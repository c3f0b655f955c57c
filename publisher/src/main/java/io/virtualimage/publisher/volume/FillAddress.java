package io.virtualimage.publisher.volume;

import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.topics.Incarnation;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a Pod finds its work, {@code /volumes/<uid>/<generation>.<run>/<epoch>/<claim's uid>/<token>/<what>}. Secret: never
 * log it.
 *
 * @param image without namespace and name, which stand in the {@link FillOrder}
 * @param what is asked for
 */
record FillAddress(Incarnation image, int epoch, String claimUid, String what) {
    static final String PREFIX = "/volumes/";

    private static final String NOT_SAID = "-";
    private static final Pattern PATH = Pattern.compile(PREFIX
            + "([A-Za-z0-9-]{1,64})/([1-9][0-9]{0,17})\\.(0|[1-9][0-9]{0,17})/(0|[1-9][0-9]{0,8})/([A-Za-z0-9-]{1,64})"
            + "/([A-Za-z0-9]{1,64})/([a-z]{1,20}(?:/[0-9-]{1,50})?)");

    /** Reads a path; empty if it is none of these, or its token doesn't fit. */
    static Optional<FillAddress> of(String path, AccessTokens tokens) {
        Matcher matcher = PATH.matcher(path);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Incarnation image = new Incarnation(
                NOT_SAID,
                NOT_SAID,
                matcher.group(1),
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3)));
        return tokens.opens(matcher.group(6), Door.FILL_VOLUME, image)
                ? Optional.of(
                        new FillAddress(image, Integer.parseInt(matcher.group(4)), matcher.group(5), matcher.group(7)))
                : Optional.empty();
    }

    /** What a Pod gets: an address to which it adds what it asks for. */
    static String url(String publisher, Incarnation image, int epoch, String claimUid, AccessTokens tokens) {
        return "%s%s%s/%s/%d/%s/%s"
                .formatted(
                        publisher.endsWith("/") ? publisher.substring(0, publisher.length() - 1) : publisher,
                        PREFIX,
                        image.uid(),
                        image.version(),
                        epoch,
                        claimUid,
                        tokens.token(Door.FILL_VOLUME, image));
    }
}
