package io.virtualimage.oci;

import java.util.List;

/**
 * What a request needs to be allowed, as a token service understands it (Docker registry, "Token scope").
 *
 * @param texts such as {@code repository:a/b:pull}; none for the API as such
 */
record Scope(List<String> texts) {

    static final Scope NONE = new Scope(List.of());

    static Scope pull(Repository repository) {
        return new Scope(List.of("repository:" + repository + ":pull"));
    }

    static Scope push(Repository repository) {
        return new Scope(List.of("repository:" + repository + ":pull,push"));
    }

    static Scope delete(Repository repository) {
        return new Scope(List.of("repository:" + repository + ":delete,pull"));
    }

    static Scope mount(Repository repository, Repository from) {
        return new Scope(List.of("repository:" + repository + ":pull,push", "repository:" + from + ":pull"));
    }
}
