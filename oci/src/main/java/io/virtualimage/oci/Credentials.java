package io.virtualimage.oci;

import org.jspecify.annotations.Nullable;

/**
 * A user's name and password (or token) at a registry; or an identity token, which a token service takes in their place.
 * Its string form hides the secrets.
 *
 * @param identityToken null for none; with one, name and password don't count
 */
public record Credentials(
        String user, String password, @Nullable String identityToken) {

    public Credentials(String user, String password) {
        this(user, password, null);
    }

    /** What a token service once gave, to be used instead of a password (OAuth 2.0, a refresh token). */
    public static Credentials ofIdentityToken(String token) {
        return new Credentials("", "", token);
    }

    /** Whether a text has a secret in it, as it is. */
    boolean areIn(String text) {
        boolean password = !this.password.isEmpty() && text.contains(this.password);
        return password || (identityToken != null && !identityToken.isEmpty() && text.contains(identityToken));
    }

    @Override
    public String toString() {
        return identityToken == null
                ? "Credentials[user=" + user + ", password=(hidden)]"
                : "Credentials[identityToken=(hidden)]";
    }
}
