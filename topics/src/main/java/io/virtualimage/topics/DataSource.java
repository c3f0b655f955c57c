package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** Where an image comes from, without any secret: what must stay hidden is read from the VirtualImage by the worker. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes(@JsonSubTypes.Type(value = DataSource.Http.class, name = "HTTP"))
public sealed interface DataSource {

    /** The checksums that the source's bytes must have, all of them. */
    Checksums checksums();

    /**
     * A file on an HTTP server.
     *
     * @param url without userinfo, query and fragment
     * @param partial whether the VirtualImage holds more than this event may say (userinfo, query, a CA bundle): the
     *     worker then reads it there, and drops the task if the generation has moved on
     */
    record Http(String url, boolean partial, Checksums checksums) implements DataSource {
        public Http {
            if (!url.startsWith("http://") && !url.startsWith("https://")) {
                throw new IllegalArgumentException("not an http or https URL: " + url);
            }
            if (url.indexOf('?') >= 0 || url.indexOf('#') >= 0 || hasUserInfo(url)) {
                throw new IllegalArgumentException("a URL on a topic has no userinfo, query or fragment");
            }
        }

        private static boolean hasUserInfo(String url) {
            int authority = url.indexOf("//") + 2;
            int path = url.indexOf('/', authority);
            return url.substring(authority, path < 0 ? url.length() : path).indexOf('@') >= 0;
        }
    }
}
