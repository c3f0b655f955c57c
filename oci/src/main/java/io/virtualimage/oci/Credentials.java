package io.virtualimage.oci;

/** A user's name and password (or token) at a registry. Its string form hides the password. */
public record Credentials(String user, String password) {

    @Override
    public String toString() {
        return "Credentials[user=" + user + ", password=(hidden)]";
    }
}
