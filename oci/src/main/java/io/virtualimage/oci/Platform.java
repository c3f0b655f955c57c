package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import org.jspecify.annotations.Nullable;

/** What an image runs on, in the words of Go ({@code linux}, {@code amd64}). */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({"architecture", "os", "variant"})
public record Platform(
        @Nullable String os,
        @Nullable String architecture,
        @Nullable String variant) {

    public static final Platform LINUX_AMD64 = new Platform("linux", "amd64", null);
}
