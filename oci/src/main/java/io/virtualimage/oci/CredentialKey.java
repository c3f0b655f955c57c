package io.virtualimage.oci;

import java.util.Locale;

/**
 * What an entry of a Docker config is for: a registry, or the repositories under a path of it. Written {@code
 * host[:port][/path]}, perhaps as a URL; {@code *} and {@code ?} in a label of the host stand for any characters of that
 * label, as the kubelet has it.
 *
 * @param host lower case, with its port
 * @param path components that the repository's name begins with; empty for all of them
 */
record CredentialKey(String host, String path) {

    /** Reads a key of any tool. */
    static CredentialKey parse(String key) {
        String rest = key.strip().replaceFirst("^https?://", "");
        int slash = rest.indexOf('/');
        String host = (slash < 0 ? rest : rest.substring(0, slash)).toLowerCase(Locale.ROOT);
        String path = slash < 0 ? "" : rest.substring(slash);
        // Docker's own keys end in the API's version.
        path = path.replaceFirst("^/v[12](?=/|$)", "").replaceAll("^/+|/+$", "");
        boolean hub = host.equals("index.docker.io") || host.equals("registry-1.docker.io");
        return new CredentialKey(hub ? "docker.io" : host, path);
    }

    boolean matches(ImageReference reference) {
        String repository = reference.repository().name();
        return (path.isEmpty() || repository.equals(path) || repository.startsWith(path + "/"))
                && hostMatches(reference.domain());
    }

    private boolean hostMatches(String domain) {
        if (!isWild()) {
            return host.equals(domain);
        }
        return port(host).equals(port(domain)) && labelsMatch(withoutPort(host), withoutPort(domain));
    }

    private static String port(String host) {
        return host.substring(withoutPort(host).length());
    }

    private static String withoutPort(String host) {
        int colon = host.lastIndexOf(':');
        return colon < 0 || host.endsWith("]") ? host : host.substring(0, colon);
    }

    boolean isWild() {
        return host.indexOf('*') >= 0 || host.indexOf('?') >= 0;
    }

    private static boolean labelsMatch(String pattern, String host) {
        String[] wanted = pattern.split("[.]", -1);
        String[] given = host.split("[.]", -1);
        if (wanted.length != given.length) {
            return false;
        }
        for (int i = 0; i < wanted.length; i++) {
            if (!matches(wanted[i], given[i])) {
                return false;
            }
        }
        return true;
    }

    // Remembers the last star only, which is enough, and takes no more than the product of both lengths.
    private static boolean matches(String pattern, String label) {
        int at = 0;
        int star = -1;
        int retry = 0;
        int i = 0;
        while (i < label.length()) {
            if (at < pattern.length() && pattern.charAt(at) == '*') {
                star = at++;
                retry = i;
            } else if (at < pattern.length() && (pattern.charAt(at) == '?' || pattern.charAt(at) == label.charAt(i))) {
                at++;
                i++;
            } else if (star >= 0) {
                at = star + 1;
                i = ++retry;
            } else {
                return false;
            }
        }
        while (at < pattern.length() && pattern.charAt(at) == '*') {
            at++;
        }
        return at == pattern.length();
    }
}
