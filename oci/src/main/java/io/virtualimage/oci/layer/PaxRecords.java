package io.virtualimage.oci.layer;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The records of an extended header that matter here; names are bytes, each one character. An empty value means: as if
 * it were not there, whatever an earlier header said (pax, "pax Extended Header").
 */
final class PaxRecords {

    static final PaxRecords NONE = new PaxRecords(Map.of());

    private static final String PATH = "path";
    private static final String LINK_PATH = "linkpath";
    private static final String SIZE = "size";
    /** GNU tar keeps a sparse file's map in records of these names, or says in them that the content begins with it. */
    private static final String SPARSE = "GNU.sparse.";

    private static final String SPARSE_NAME = "GNU.sparse.name";
    private static final int MAX_LENGTH_DIGITS = 9;

    private final Map<String, String> values;

    private PaxRecords(Map<String, String> values) {
        this.values = values;
    }

    /**
     * Reads {@code "<length> <key>=<value>\n"}, again and again.
     *
     * @param place of the header whose content this is
     */
    static PaxRecords parse(byte[] content, LayerPlace place) throws MalformedLayerException {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        Map<String, String> values = new HashMap<>();
        int at = 0;
        while (at < text.length()) {
            int blank = text.indexOf(' ', at);
            String digits = blank < 0 ? "" : text.substring(at, Math.min(blank, at + MAX_LENGTH_DIGITS + 1));
            if (!digits.matches("[0-9]{1," + MAX_LENGTH_DIGITS + "}")) {
                throw malformed(place, "has a record without a length");
            }
            int end = at + Integer.parseInt(digits);
            if (end <= blank + 1 || end > text.length() || text.charAt(end - 1) != '\n') {
                throw malformed(place, "has a record of a wrong length");
            }
            int equals = text.indexOf('=', blank);
            if (equals < 0 || equals >= end || equals == blank + 1) {
                throw malformed(place, "has a record without a key");
            }
            keep(values, text.substring(blank + 1, equals), text.substring(equals + 1, end - 1), place);
            at = end;
        }
        return new PaxRecords(Map.copyOf(values));
    }

    private static void keep(Map<String, String> values, String key, String value, LayerPlace place)
            throws MalformedLayerException {
        boolean name = key.equals(PATH) || key.equals(LINK_PATH) || key.equals(SPARSE_NAME);
        if (name && value.indexOf('\0') >= 0) {
            throw malformed(place, "has a NUL in a name");
        }
        if (key.equals(SIZE) && !value.isEmpty() && !isLength(value)) {
            throw malformed(place, "has a size that is not a number of bytes");
        }
        if (name || key.equals(SIZE)) {
            values.put(key, value);
        } else if (key.startsWith(SPARSE)) {
            values.put(SPARSE, key);
        }
    }

    private static boolean isLength(String value) {
        try {
            return value.matches("[0-9]{1,19}") && Long.parseLong(value) >= 0;
        } catch (NumberFormatException e) {
            return false; // More than 2^63.
        }
    }

    /** These records, and of the others those that these say nothing of. */
    PaxRecords over(PaxRecords others) {
        if (others.values.isEmpty()) {
            return this;
        }
        Map<String, String> all = new HashMap<>(others.values);
        all.putAll(values);
        return new PaxRecords(Map.copyOf(all));
    }

    Optional<String> path() {
        Optional<String> real = value(SPARSE_NAME);
        return real.isPresent() ? real : value(PATH);
    }

    Optional<String> linkPath() {
        return value(LINK_PATH);
    }

    Optional<Long> lengthBytes() {
        return value(SIZE).map(Long::valueOf);
    }

    boolean sparse() {
        return values.containsKey(SPARSE) || values.containsKey(SPARSE_NAME);
    }

    private Optional<String> value(String key) {
        return Optional.ofNullable(values.get(key)).filter(each -> !each.isEmpty());
    }

    private static MalformedLayerException malformed(LayerPlace place, String what) {
        return place.malformed("an extended header of the archive " + what);
    }
}
