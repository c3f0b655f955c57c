package io.virtualimage.oci;

import java.util.Map;
import okhttp3.HttpUrl;
import okhttp3.RequestBody;
import org.jspecify.annotations.Nullable;

/**
 * One request.
 *
 * @param deed completes "tried to ... but failed because"
 * @param slow whether the answer may take as long as a commit
 */
record RegistryCall(
        String deed,
        Scope scope,
        String method,
        HttpUrl url,
        Map<String, String> headers,
        @Nullable RequestBody body,
        boolean slow) {

    RegistryCall(String deed, Scope scope, String method, HttpUrl url) {
        this(deed, scope, method, url, Map.of(), null, false);
    }

    RegistryCall withHeaders(Map<String, String> other) {
        return new RegistryCall(deed, scope, method, url, other, body, slow);
    }

    RegistryCall withBody(RequestBody other) {
        return new RegistryCall(deed, scope, method, url, headers, other, slow);
    }

    RegistryCall mayBeSlow() {
        return new RegistryCall(deed, scope, method, url, headers, body, true);
    }

    boolean readsOnly() {
        return method.equals("GET") || method.equals("HEAD");
    }

    RegistryException failed(RegistryException.Reason reason, String why) {
        return RegistryException.of(reason, deed, why, null);
    }
}
