package io.virtualimage.sandbox.components;

import java.nio.file.Path;

/** Whom a registry lets in. */
public sealed interface RegistryAccess {
    /** The lines of the registry's configuration that say so. */
    String configuration();

    /** Everybody. */
    record Open() implements RegistryAccess {
        @Override
        public String configuration() {
            return "";
        }
    }

    /**
     * Those with a password (HTTP Basic authentication).
     *
     * @param file as {@code htpasswd -B} writes it
     */
    record Passwords(Path file) implements RegistryAccess {
        @Override
        public String configuration() {
            return "auth: {htpasswd: {realm: sandbox, path: '%s'}}\n".formatted(file.toAbsolutePath());
        }
    }

    /** Those with a token, which a service of its own gives out. */
    record Tokens(TokenServer service) implements RegistryAccess {
        @Override
        public String configuration() {
            return "auth: {token: {realm: '%s', service: %s, issuer: %s, rootcertbundle: '%s'}}\n"
                    .formatted(service.realm(), TokenServer.SERVICE, TokenServer.ISSUER, service.certificate());
        }
    }
}
