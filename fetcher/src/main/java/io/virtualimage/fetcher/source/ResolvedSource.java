package io.virtualimage.fetcher.source;

import org.jspecify.annotations.Nullable;

/**
 * All that is needed to read a source, secrets included: it never leaves the process.
 *
 * @param url http or https; may carry credentials in the userinfo and the query
 * @param caBundle PEM certificates to trust besides the system's; null if there are none
 */
public record ResolvedSource(String url, @Nullable String caBundle) {
    public ResolvedSource {
        if (!url.startsWith("http://") && !url.startsWith("https://")) {
            throw new IllegalArgumentException("not an http or https URL: " + redact(url));
        }
    }

    /** The URL as others may see it: without userinfo, query and fragment. */
    public String publicUrl() {
        return redact(url);
    }

    private static String redact(String url) {
        String base = url.replaceFirst("(?s)[?#].*", "");
        int authority = base.indexOf("//") + 2;
        int path = base.indexOf('/', authority);
        int end = path < 0 ? base.length() : path;
        int at = base.lastIndexOf('@', end);
        return at < authority ? base : base.substring(0, authority) + base.substring(at + 1);
    }

    @Override
    public String toString() {
        return "ResolvedSource[" + publicUrl() + "]";
    }
}
