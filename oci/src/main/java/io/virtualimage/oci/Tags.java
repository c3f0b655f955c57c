package io.virtualimage.oci;

import io.virtualimage.oci.RegistryException.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Lists tags, page by page (OCI distribution specification, "Listing Tags"). */
final class Tags {

    private static final int PAGE = 1000;
    private static final int MAX_PAGE_BYTES = 4 << 20;
    /** RFC 8288, as far as registries use it. */
    private static final Pattern NEXT = Pattern.compile("<([^>]*)>\\s*;[^,]*\\brel=\"?next\"?");

    private final RegistryHttp http;

    Tags(RegistryHttp http) {
        this.http = http;
    }

    List<Tag> list(Repository repository) throws RegistryException {
        List<Tag> tags = new ArrayList<>();
        Set<HttpUrl> seen = new HashSet<>();
        @Nullable
        HttpUrl next = http.url(repository + "/tags/list")
                .newBuilder()
                .addQueryParameter("n", Integer.toString(PAGE))
                .build();
        while (next != null) {
            RegistryCall call = new RegistryCall("list the tags of " + repository, Scope.pull(repository), "GET", next);
            if (!http.isOurs(next) || !seen.add(next)) {
                throw call.failed(Reason.PROTOCOL, "the next page is elsewhere or was read already");
            }
            try (Response response = http.send(call)) {
                if (response.code() == 404) {
                    return List.of();
                }
                if (response.code() != 200) {
                    throw ErrorAnswer.of(call, response);
                }
                tags.addAll(page(call, response));
                next = next(response);
            }
        }
        return List.copyOf(tags);
    }

    private static List<Tag> page(RegistryCall call, Response response) throws RegistryException {
        byte[] bytes;
        try {
            bytes = response.body().byteStream().readNBytes(MAX_PAGE_BYTES);
        } catch (IOException e) {
            throw RegistryException.of(Reason.UNAVAILABLE, call.deed(), "the connection broke: " + e.getMessage(), e);
        }
        List<String> names = Json.read(bytes, Page.class, call.deed()).tags();
        try {
            return names == null ? List.of() : names.stream().map(Tag::new).toList();
        } catch (IllegalArgumentException e) {
            throw RegistryException.of(Reason.PROTOCOL, call.deed(), String.valueOf(e.getMessage()), e);
        }
    }

    private @Nullable HttpUrl next(Response response) {
        String link = response.header("Link");
        Matcher matcher = NEXT.matcher(link == null ? "" : link);
        HttpUrl url = matcher.find() ? RegistryHttp.resolve(response, matcher.group(1)) : null;
        return url == null ? null : http.keepTls(url);
    }

    record Page(@Nullable List<String> tags) {}
}
