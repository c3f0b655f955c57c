package io.virtualimage.fetcher.source;

import java.io.IOException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLPeerUnverifiedException;

/** Why a server's certificate is not good enough, and what to do about it. */
final class CertificateWords {
    /** The end of what the client says of a certificate for another host. */
    private static final Pattern NAMES = Pattern.compile("subjectAltNames: \\[(.*)]", Pattern.DOTALL);

    private CertificateWords() {}

    /**
     * The words for what another try won't mend; empty if the failure is not of that kind.
     *
     * @param source whose own certificates, if it has any, were trusted too
     */
    static Optional<String> of(IOException failure, ResolvedSource source) {
        if (failure instanceof SSLPeerUnverifiedException) {
            return Optional.of(otherHost(String.valueOf(failure.getMessage())));
        }
        if (!has(failure, CertificateException.class) || isEarly(failure)) {
            return Optional.empty();
        }
        if (has(failure, CertificateExpiredException.class)) {
            return Optional.of("its TLS certificate, or one that vouches for it, has expired");
        }
        boolean weak = causes(failure)
                .anyMatch(cause -> cause instanceof CertPathValidatorException invalid
                        && invalid.getReason() == BasicReason.ALGORITHM_CONSTRAINED);
        if (weak) {
            return Optional.of(
                    "its TLS certificate, or one that vouches for it, has a key or a signature that is not safe");
        }
        if (has(failure, CertPathBuilderException.class) || has(failure, CertPathValidatorException.class)) {
            return Optional.of(unknownAuthority(source));
        }
        return Optional.of("its TLS certificate is not in order: " + ConnectionWords.plain(failure.getMessage()));
    }

    /** Whether the certificate will be good later. */
    static boolean isEarly(IOException failure) {
        return has(failure, CertificateNotYetValidException.class);
    }

    private static String unknownAuthority(ResolvedSource source) {
        return source.caBundle() != null
                ? "its TLS certificate was issued neither by a well-known authority nor by one in"
                        + " " + source.bundleField()
                        + "; the bundle needs the root certificate, and intermediate ones that"
                        + " the server does not send"
                : "its TLS certificate was not issued by a well-known authority; if it is to be trusted, put its"
                        + " authority's certificate (PEM, then base64) into " + source.bundleField();
    }

    private static String otherHost(String words) {
        Matcher names = NAMES.matcher(words);
        if (!names.find()) {
            return "its TLS certificate is for another host name";
        }
        return names.group(1).isBlank()
                ? "its TLS certificate names no host: it needs a subjectAltName (a common name is not enough)"
                : "its TLS certificate is for another host name: " + ConnectionWords.plain(names.group(1));
    }

    private static boolean has(Throwable failure, Class<? extends Throwable> type) {
        return causes(failure).anyMatch(type::isInstance);
    }

    private static Stream<Throwable> causes(Throwable failure) {
        return Stream.iterate(failure, Objects::nonNull, Throwable::getCause);
    }
}
